"""The steps of the engine of Jobs: the next job, its end, its cancellation.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

import aws_iot

from .. import ticks_add
from ..errors import IotError, StateError
from .job import Job, JobError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_SOON_MS = const(1000)
_PAUSE_MS = const(5000)
_REFUSED_MS = const(60000)
_ROOM_TRIES = const(3)  # for a document that finds no room, since what takes the heap may be over soon
_REMEMBERED = const(4)  # finished jobs that are known when they are delivered again


def step(jobs):
    """What the engine does besides advancing the job that runs: look for the next, look after this one, end it.

    A generator that yields while it waits; -> True when the next step should follow at once.
    """
    if jobs.report:
        return (yield from _finish(jobs))
    # before the request, never after it: what is told while it is under way may be newer than its answer
    jobs.check = False
    if jobs.work:
        known = False
        try:
            known = yield from jobs.job.steps("describe", False)
        finally:
            jobs.check = jobs.check or not known
        if jobs.job.canceled:
            _cancel(jobs)
        elif not known:  # throttled, or worse
            jobs.due = ticks_add(jobs.thing.mqtt.ticks(), _PAUSE_MS)
        return True
    jobs.asking = False
    try:
        return (yield from _next(jobs))
    except BaseException as error:  # also Ctrl-C
        begun = jobs.work or jobs.report
        if jobs.job and isinstance(error, MemoryError) and not begun:
            short(jobs, jobs.job, error)  # its document is in the heap, and leaves no room for more
            return True
        if jobs.job and isinstance(error, Exception) and not isinstance(error, (IotError, MemoryError)):
            fail(jobs, error)  # of the library's own: it costs this job
            return True
        jobs.asking = not begun
        raise


def later(jobs):
    jobs.job = None
    jobs.asking = True
    jobs.due = ticks_add(jobs.thing.mqtt.ticks(), _PAUSE_MS)


def _next(jobs):
    job = Job(jobs.thing, "$next", jobs.timeout_ms)
    if not (yield from job.steps("describe")):
        if job.error:  # throttled, or worse
            later(jobs)
        return False
    for done in jobs.done:
        if done[:2] == [job.id, job.number]:
            if job.status == Job.IN_PROGRESS:  # the report of its end was lost
                jobs.job, jobs.report = job, done[2:]
            return job.status == Job.IN_PROGRESS
    if job.error and not (yield from again(jobs, job)):
        return jobs.report is not None
    operation = aws_iot.jobs.details.operation(job.document)
    handler = jobs.handlers.get(operation)
    jobs.job = job
    if job.status == Job.IN_PROGRESS:
        if handler and handler[1]:
            _run(jobs, handler[1])
        else:
            end(jobs, Job.FAILED, {"reason": "interrupted by a restart"})
    elif not handler:
        reason = "no operation that is a text" if operation is None else "unknown operation %s" % operation
        end(jobs, Job.REJECTED, {"reason": aws_iot.jobs.details.text(reason)})
    else:
        jobs.check = False  # both messages of a new job have come by now, most often
        if (yield from job.steps("update", Job.IN_PROGRESS, None, handler[2])):
            _run(jobs, handler[0])
        else:
            later(jobs)
    return True


def again(jobs, job):
    """False when the document of ``job`` cannot be read; then the job has FAILED, or it is tried again later."""
    # by its own id: another may be the next by now, which would fail in its place
    if (yield from job.steps("describe")) and not job.error:
        return True
    if job.error:
        short(jobs, job, job.error)
    else:
        later(jobs)
    return False


def short(jobs, job, error):
    """``job`` has FAILED by ``error``, or is tried again later where it found no room."""
    jobs.fails += 1
    if isinstance(error, (StateError, MemoryError)) and jobs.fails < _ROOM_TRIES:
        later(jobs)
    else:
        jobs.job = job
        end(jobs, Job.FAILED, aws_iot.jobs.details.why(error))


def _run(jobs, function):
    jobs.report = jobs.BROKEN
    try:
        result = function(jobs.job)
    except Exception as error:
        fail(jobs, error)
        return
    if hasattr(result, "send"):
        jobs.report, jobs.work = None, result
    else:
        end(jobs, Job.SUCCEEDED, result)


def fail(jobs, error):
    """The job that runs raised ``error``."""
    text = str(error) if isinstance(error, JobError) else "%s: %s" % (type(error).__name__, error)
    end(jobs, Job.FAILED, {"reason": aws_iot.jobs.details.text(text)})


def end(jobs, status, details):
    """The job that runs has ended: to be reported, without details that AWS would refuse."""
    jobs.work = None
    jobs.report = [status, None]
    if details is not None:
        try:
            given = details if isinstance(details, dict) else {"result": details}
            jobs.report = [status, aws_iot.jobs.details.strings(given)]
        except Exception as error:
            jobs.thing.mqtt.report(error)


def _finish(jobs):
    job = jobs.job
    job.document = None  # the report needs the room
    status, details = jobs.report
    try:
        taken = job.canceled or (yield from job.steps("update", status, details)) or job.canceled
    except (ValueError, TypeError):
        jobs.report = [status, None]  # the status is what AWS must know
        raise
    if not taken:
        # refused although it is ours: the version was behind, since an answer got lost, and is known now; AWS is busy
        delay_ms = _SOON_MS
        if job.error.code not in ("VersionMismatch", "InvalidStateTransition", "RequestThrottled", "InternalError"):
            if not details:
                delay_ms = _REFUSED_MS  # no other job is to be had before this one has ended
                jobs.thing.mqtt.report(job.error)
            jobs.report = [status, None]  # it may be the details; the status is what AWS must know
        jobs.due = ticks_add(jobs.thing.mqtt.ticks(), delay_ms)
        return False
    jobs.done.append([job.id, job.number, status, details])
    del jobs.done[:-_REMEMBERED]
    jobs.job = jobs.report = None
    jobs.fails = 0
    jobs.asking = True
    return True


def _cancel(jobs):
    work, jobs.work = jobs.work, None
    jobs.job = None
    jobs.asking = True
    try:
        work.close()
    except Exception as error:
        jobs.thing.mqtt.report(error)
