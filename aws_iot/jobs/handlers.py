"""Calls of Jobs that are made now and then: each function is a method of Jobs.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

import aws_iot

from .job import Job

__all__ = ("handle", "watch", "list", "start_next", "guard")

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_OWN = const(2)  # a handler of the library: see mqtt/subscriptions.py


def start(jobs):
    """What Jobs() does."""
    thing = jobs.thing
    mqtt = thing.mqtt
    if "jobs" in thing.__dict__:
        from ..errors import StateError

        raise StateError("this thing has its jobs already, as thing.jobs: two engines would take each other's")
    jobs.topic = aws_iot.names.jobs(thing.thingname, "")
    for name in ("notify", "notify-next"):
        mqtt.subscribe(jobs.topic + name, 1, jobs.notified, _OWN)
    mqtt.on_tick(jobs.tick)
    jobs.due = mqtt.ticks()
    if mqtt.guard:  # in a turn: the thread is not to meet a class that is being changed, nor a list
        mqtt.guard.call(guard, jobs)
        mqtt.guard.call(mqtt.schedule.append, jobs)
    else:
        mqtt.schedule.append(jobs)
    thing.jobs = jobs


def guard(jobs):
    """Threads take turns from now on."""
    aws_iot.mqtt.background.guard(type(jobs), __all__, lambda jobs: jobs.thing.mqtt)
    aws_iot.mqtt.background.guard(Job, aws_iot.jobs.execution.__all__, lambda job: job.thing.mqtt)


def handle(jobs, name, function, resume=None, step_timeout_min=None):
    """Run ``function(job)`` for jobs whose operation is ``name``.

    What it returns (None or a dict of details) makes the job SUCCEEDED, what it raises FAILED with the reason. Long
    work is a generator: it is advanced from poll to poll; a dict that it yields is reported as progress, True asks for
    the next step at once. ``resume(job)`` gets a job that was in progress at a power failure; without it such a job has
    FAILED. ``step_timeout_min``: AWS gives up a job that reports nothing for so long.
    """
    jobs.handlers[name] = (function, resume, step_timeout_min)


def watch(jobs, hook):
    """``hook()`` with each poll() of the client, connected or not."""
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
        document["statusDetails"] = aws_iot.jobs.details.strings(status_details)
    if step_timeout_min:
        document["stepTimeoutInMinutes"] = step_timeout_min
    answer = jobs.thing.request(jobs.topic + "start-next", document, jobs.timeout_ms)
    return _job(jobs, answer["execution"], Job.IN_PROGRESS) if answer.get("execution") else None


def _job(jobs, execution, status):
    job = Job(jobs.thing, execution["jobId"], jobs.timeout_ms)
    job.status = status
    aws_iot.jobs.execution.take(job, execution)
    return job
