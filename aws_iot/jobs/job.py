"""One job execution of a thing.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

import aws_iot

from .. import method

OVER = ("SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED")


class JobError(Exception):
    """Raised by a handler: the job has FAILED, and this text alone is the reason."""


class Job:
    """One job execution of ``thing``; describe(), update() and progress() are in execution.py.

    ``id``: AWS's job id. ``status``, ``version``, ``document``, ``details`` and ``number`` (of the execution) are as of
    the last answer; ``error`` is why AWS refused the last request, or why the document cannot be read, or None.
    """

    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"

    status = document = number = error = None
    version = 0
    details = {}  # noqa: RUF012  replaced, never changed

    def __init__(self, thing, jobid, timeout_ms=None):
        self.thing = thing
        self.id = jobid
        self.timeout_ms = timeout_ms

    @property
    def jobid(self):
        """Zerynth's name for it."""
        return self.id

    def __str__(self):
        return "%s@%s" % (self.id, self.thing.thingname)

    def __getattr__(self, name):
        call = method(self, aws_iot.jobs.execution, name)
        return lambda *args, **options: aws_iot.mqtt.request.wait(self.thing.mqtt, call(*args, **options))

    def steps(self, name, *args):
        """describe, update or progress as a generator that yields while it waits for AWS's answer."""
        return getattr(aws_iot.jobs.execution, name)(self, *args)

    @property
    def canceled(self):
        """True once AWS has ended the execution: cancelled, timed out, or deleted."""
        return self.status in OVER
