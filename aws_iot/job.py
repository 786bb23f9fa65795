"""One job execution of a thing.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

from . import borrow
from .errors import Rejected

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_DETAILS = const(10)  # AWS's limits on statusDetails
_DETAIL_CHARS = const(1024)
_OVER = ("SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED")
# the execution has changed: it is no longer what this device thinks
_STALE = ("VersionMismatch", "InvalidStateTransition")
# AWS tells no more of an execution that has ended: cancelled, most likely, or timed out
_GONE = {"ResourceNotFound": "REMOVED", "TerminalStateReached": "CANCELED"}


class JobError(Exception):
    """Raised by a handler: the job has FAILED, and this text alone is the reason."""


class Job:
    """One job execution of a thing.

    ``status``, ``version``, ``document``, ``details`` and ``number`` (of the execution) are as of the last answer;
    ``error`` is why AWS refused the last request, or None.
    """

    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"

    def __init__(self, thing, jobid, timeout_ms=None):
        self.thing = thing
        self.id = jobid
        self.timeout_ms = timeout_ms
        self.status = self.document = self.number = self.error = None
        self.version = 0
        self.details = {}

    def __str__(self):
        return "%s@%s" % (self.id, self.thing.thingname)

    @property
    def canceled(self):
        """True once AWS has ended the execution: cancelled, timed out, or deleted."""
        return self.status in _OVER

    def describe(self):
        """Fetch status, version and document (with fresh presigned URLs); False when there is no such execution.

        Raises ResponseTimeout and LinkError when AWS does not answer.
        """
        try:
            answer = self._request("get", {"includeJobDocument": True})
        except Rejected as error:
            self.status = _GONE.get(error.code, self.status)
            return False
        if "execution" not in answer:
            return False
        self.take(answer["execution"])
        return True

    def update(self, status, status_details=None, step_timeout_min=None):
        """Report ``status`` and ``status_details`` (replacing the earlier ones); False when AWS refuses, see ``error``.

        A refusal because the execution has changed meanwhile brings the new status and version. Raises ResponseTimeout
        and LinkError when AWS does not answer: the report may have arrived or not.
        """
        document = {"status": status, "includeJobExecutionState": True}
        if status_details:
            document["statusDetails"] = strings(status_details)
        if self.version:
            document["expectedVersion"] = self.version
        if self.number:
            document["executionNumber"] = self.number
        if step_timeout_min:
            document["stepTimeoutInMinutes"] = step_timeout_min
        try:
            state = self._request("update", document).get("executionState", {})
        except Rejected as error:
            if error.code in _STALE:
                self.describe()
            self.status = _GONE.get(error.code, self.status)
            self.error = error
            return False
        self.error = None
        self.status = status
        self.version = int(state.get("versionNumber", self.version + 1))
        return True

    def progress(self, details):
        """Report ``details`` while the job runs; False when it is no longer this device's to run."""
        return self.update(self.IN_PROGRESS, details) or not self.canceled

    def take(self, execution):
        """Take the fields of an execution that AWS sent."""
        self.id = execution.get("jobId", self.id)
        self.status = execution.get("status", self.status)
        self.version = int(execution.get("versionNumber", self.version))
        self.number = execution.get("executionNumber", self.number)
        self.document = execution.get("jobDocument", self.document)
        self.details = execution.get("statusDetails", {})

    def _request(self, verb, document):
        jobs = borrow("topics").jobs
        name = self.thing.thingname
        # one subscription for all jobs: AWS allows 50 on a connection
        answers = jobs(name, "+", verb)
        request = borrow("request").request
        try:
            return request(self.thing.mqtt, jobs(name, self.id, verb), document, self.timeout_ms, None, answers)
        except Rejected as error:
            self.error = error
            raise


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
    """At most ten pairs of text without control characters, as AWS takes them."""
    result = {}
    for name in list(details)[:_DETAILS]:
        # byte by byte: MicroPython keeps each letter that a loop over a text meets in its heap for ever
        data = str(details[name])[:_DETAIL_CHARS].encode()
        if data and min(data) < 32:
            data = bytes([max(byte, 32) for byte in data])
        result[name] = str(data, "utf-8") or "-"
    return result
