"""A stand-in for AWS IoT Jobs as a device meets it over MQTT: one queued job of one thing.

Plays https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html: get, start-next, $next/get, ID/get and
ID/update; and what MiniStack does not: a document with another presigned URL at each request, requests that get no
answer, an answer that is lost.
"""

import json
import time

from aws_iot.jobs.job import OVER


class JobsService:
    """`document()` is called at each request for it.

    `silent`: verbs ("get", "update") that get no answer; `lost`: how many updates are carried out without their answer
    arriving. `statuses`: all until now; `updates`: (status, details) of all that were accepted; `requests`: (verb,
    document) of all that came. `say(topic, document)`, of who has a broker: a message to the device.
    """

    def __init__(self, thing: str, job: str, document) -> None:
        self.prefix, self.job, self.document = f"$aws/things/{thing}/jobs/", job, document
        self.statuses, self.version, self.details = ["QUEUED"], 1, {}
        self.silent, self.lost, self.updates, self.requests = set(), 0, [], []

    @property
    def status(self) -> str:
        return self.statuses[-1]

    @status.setter
    def status(self, status: str) -> None:
        self.statuses.append(status)

    def take(self, topic: str, payload: bytes) -> None:
        """A message from the device."""
        if not topic.startswith(self.prefix):
            return
        verb, request = topic[len(self.prefix) :], json.loads(payload or b"{}")
        self.requests.append((verb, request))
        if verb.split("/")[-1] in self.silent:
            return
        error = self._refusal(verb, request)
        answer = {"code": error[0], "message": error[1]} if error else self._carried_out(verb, request)
        if not error and verb.endswith("/update") and self.lost:
            self.lost -= 1
            return
        token = {"clientToken": request["clientToken"]} if "clientToken" in request else {}
        self.say(f"{topic}/{'rejected' if error else 'accepted'}", {"timestamp": int(time.time()), **answer, **token})

    def _refusal(self, verb: str, request: dict) -> tuple | None:
        if verb.endswith("/update"):
            if self.status in OVER:
                return "InvalidStateTransition", "over"
            if int(request.get("expectedVersion", self.version)) != self.version:
                return "VersionMismatch", "version"
        elif self.status in OVER and verb == f"{self.job}/get":
            return "TerminalStateReached", "over"
        return None

    def _carried_out(self, verb: str, request: dict) -> dict:
        if verb.endswith("/update"):
            self.status, self.details = request["status"], request.get("statusDetails", {})
            self.version += 1
            self.updates.append((self.status, self.details))
            state = {"status": self.status, "versionNumber": self.version}
            return {"executionState": state, "jobDocument": self.document()}
        if verb == "get":
            job = {"jobId": self.job, "versionNumber": self.version, "executionNumber": 1}
            lists = {"queuedJobs": ("QUEUED",), "inProgressJobs": ("IN_PROGRESS",)}
            return {name: [job] if self.status in which else [] for name, which in lists.items()}
        if self.status in OVER:
            return {}
        if verb == "start-next" and self.status == "QUEUED":
            self.status = "IN_PROGRESS"
        return {"execution": self._execution()}

    def _execution(self) -> dict:
        return {
            "jobId": self.job, "status": self.status, "versionNumber": self.version, "executionNumber": 1,
            "statusDetails": self.details, "queuedAt": int(time.time()), "jobDocument": self.document(),
        }  # fmt: skip
