"""The calls of a Job: generators that yield while they wait for AWS's answer. Job.__getattr__ makes them methods that
wait; Job.steps() gives them as they are.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

import aws_iot

from ..errors import ProtocolError, Rejected, StateError

__all__ = ("describe", "update", "progress")


def describe(job, document=True):
    """Fetch status, version and ``document`` (with fresh presigned URLs); False when there is no such execution.

    A document that cannot be read here, since it is too large or nested too deep, is None, and ``error`` tells why.
    Raises ResponseTimeout and LinkError when AWS does not answer.
    """
    answer = unread = None
    try:
        if document:
            try:
                answer = yield from _request(job, "get", {"includeJobDocument": True})
            except (ProtocolError, StateError) as error:
                unread = error
                job.document = None
        if answer is None:
            answer = yield from _request(job, "get", {"includeJobDocument": False})
    except Rejected as error:
        gone(job, error)
        return False
    job.error = unread
    if not answer.get("execution"):
        return False
    take(job, answer["execution"])
    return True


def update(job, status, status_details=None, step_timeout_min=None):
    """Report ``status`` and ``status_details`` (replacing the earlier ones); False when AWS refuses, see ``error``.

    A refusal because the execution has changed meanwhile brings the new status and version. Raises ResponseTimeout
    and LinkError when AWS does not answer: the report may have arrived or not; ValueError for details that AWS does not
    take, see details.strings().
    """
    document = {"status": status, "includeJobExecutionState": True}
    if status_details:
        document["statusDetails"] = aws_iot.jobs.details.strings(status_details)
    if job.version:
        document["expectedVersion"] = job.version
    if job.number:
        document["executionNumber"] = job.number
    if step_timeout_min:
        document["stepTimeoutInMinutes"] = step_timeout_min
    try:
        answer = yield from _request(job, "update", document)
    except Rejected as error:
        # the execution has changed: it is no longer what this device thinks
        if error.code in ("VersionMismatch", "InvalidStateTransition"):
            yield from describe(job, False)
        gone(job, error)
        job.error = error
        return False
    job.error = None
    job.status = status
    job.version = int(answer.get("executionState", {}).get("versionNumber", job.version + 1))
    return True


def gone(job, error):
    """AWS tells no more of an execution that has ended: cancelled, most likely, or timed out."""
    ended = {"ResourceNotFound": "REMOVED", "TerminalStateReached": "CANCELED"}
    job.status = ended.get(error.code, job.status)


def progress(job, details):
    """Report ``details`` while the job runs; False when it is no longer this device's to run."""
    return (yield from update(job, job.IN_PROGRESS, details)) or not job.canceled


def take(job, execution):
    """Take the fields of an execution that AWS sent."""
    job.id = execution.get("jobId", job.id)
    job.status = execution.get("status", job.status)
    job.version = int(execution.get("versionNumber", job.version))
    job.number = execution.get("executionNumber", job.number)
    job.document = execution.get("jobDocument", job.document)
    job.details = execution.get("statusDetails", {})


def _request(job, call, document):
    # one subscription for all jobs: AWS allows 50 on a connection
    topic, answers = topics(job.thing.thingname, call, job.id, "+")
    try:
        asking = aws_iot.mqtt.request.asking(job.thing.mqtt, topic, document, job.timeout_ms, None, answers)
        return (yield from asking)
    except Rejected as error:
        job.error = error
        raise


def topics(thing, call, *names):
    """The topics for jobs with these names: in a function of its own, so that names.py does not stay meanwhile."""
    jobs = aws_iot.names.jobs
    return [jobs(thing, name, call) for name in names]
