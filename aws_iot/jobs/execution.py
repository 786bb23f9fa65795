"""The calls of a Job: generators that yield while they wait for AWS's answer. Job.__getattr__ makes them methods that
wait; Job.steps() gives them as they are.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

import aws_iot

from ..errors import Rejected

__all__ = ("describe", "update", "progress")

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_DETAILS = const(10)  # AWS's limits on statusDetails
_NAME_CHARS = const(128)
_DETAIL_CHARS = const(1024)


def describe(job):
    """Fetch status, version and document (with fresh presigned URLs); False when there is no such execution.

    Raises ResponseTimeout and LinkError when AWS does not answer.
    """
    try:
        answer = yield from _request(job, "get", {"includeJobDocument": True})
    except Rejected as error:
        gone(job, error)
        return False
    if "execution" not in answer:
        return False
    take(job, answer["execution"])
    return True


def update(job, status, status_details=None, step_timeout_min=None):
    """Report ``status`` and ``status_details`` (replacing the earlier ones); False when AWS refuses, see ``error``.

    A refusal because the execution has changed meanwhile brings the new status and version. Raises ResponseTimeout
    and LinkError when AWS does not answer: the report may have arrived or not.
    """
    document = {"status": status, "includeJobExecutionState": True}
    if status_details:
        document["statusDetails"] = strings(status_details)
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
            yield from describe(job)
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


def _request(job, verb, document):
    # one subscription for all jobs: AWS allows 50 on a connection
    topic, answers = topics(job.thing.thingname, verb, job.id, "+")
    try:
        asking = aws_iot.mqtt.request.asking(job.thing.mqtt, topic, document, job.timeout_ms, None, answers)
        return (yield from asking)
    except Rejected as error:
        job.error = error
        raise


def topics(thing, verb, *names):
    """The topics for jobs with these names: in a function of its own, so that names.py does not stay meanwhile."""
    jobs = aws_iot.names.jobs
    return [jobs(thing, name, verb) for name in names]


def operation(document):
    """What a job document asks for: its "operation", a managed template's action, or "afr_ota" (FreeRTOS)."""
    if not isinstance(document, dict):
        return None
    if "afr_ota" in document:
        return "afr_ota"
    if "steps" in document:
        try:
            return document["steps"][0]["action"]["name"]
        except (KeyError, IndexError, TypeError):
            return None
    return document.get("operation")


def strings(details):
    """At most ten pairs of text without control characters, as AWS takes them; in names other signs become _."""
    result = {}
    for name in list(details)[:_DETAILS]:
        # byte by byte: MicroPython keeps each letter that a loop over a text meets in its heap for ever
        data = str(details[name])[:_DETAIL_CHARS].encode()
        if data and min(data) < 32:
            data = bytes([max(byte, 32) for byte in data])
        result[string(name)] = str(data, "utf-8") or "-"
    return result


def string(name):
    """``name`` as AWS takes it."""
    letters = str(name)[:_NAME_CHARS].encode()
    fit = [code if 97 <= code | 32 <= 122 or 48 <= code <= 58 or code in b"_-" else 95 for code in letters]
    return str(bytes(fit), "ascii") or "_"
