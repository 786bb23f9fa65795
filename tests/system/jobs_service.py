"""Plays the AWS IoT Jobs service for one job of one thing on Mosquitto, where a test wants what MiniStack does not do:

a document with another presigned URL at each request, requests that get no answer, an answer that is lost. Plays
https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html: get, start-next, <id>|$next/get, <id>/update.
"""

import json
import time

from aws_iot.jobs.job import OVER


class JobsService:
    """`document()` is called at each request for it.

    `silent`: verbs ("get", "update") that get no answer; `lost`: how many updates are carried out without their answer
    arriving. `updates`: (status, details) of all that were accepted; `requests`: (verb, document) of all that came.
    """

    def __init__(self, observer, thing: str, job: str, document) -> None:
        self._client, self.thing, self.job, self.document = observer._client, thing, job, document
        self.status, self.version, self.details = "QUEUED", 1, {}
        self.silent, self.lost, self.updates, self.requests = set(), 0, [], []
        self._topic = f"$aws/things/{thing}/jobs/"
        for name in ("get", "start-next", "+/get", "+/update"):
            self._client.message_callback_add(self._topic + name, self._request)
            self._client.subscribe(self._topic + name, 1)

    def _execution(self) -> dict:
        return {
            "jobId": self.job, "status": self.status, "versionNumber": self.version, "executionNumber": 1,
            "statusDetails": self.details, "queuedAt": int(time.time()), "jobDocument": self.document(),
        }  # fmt: skip

    def _request(self, client, data, message) -> None:
        verb = message.topic[len(self._topic) :]
        request = json.loads(message.payload)
        self.requests.append((verb, request))
        if verb.split("/")[-1] in self.silent:
            return
        answer = {"clientToken": request["clientToken"], "timestamp": int(time.time())}
        if verb.endswith("/update"):
            if self.status in OVER:
                self._answer(message.topic, "rejected", {**answer, "code": "InvalidStateTransition", "message": "over"})
                return
            if int(request.get("expectedVersion", self.version)) != self.version:
                self._answer(message.topic, "rejected", {**answer, "code": "VersionMismatch", "message": "version"})
                return
            self.status, self.details = request["status"], request.get("statusDetails", {})
            self.version += 1
            self.updates.append((self.status, self.details))
            answer["executionState"] = {"status": self.status, "versionNumber": self.version}
            if self.lost:
                self.lost -= 1
                return
        elif self.status not in OVER:
            answer["execution"] = self._execution()
        elif verb == f"{self.job}/get":
            self._answer(message.topic, "rejected", {**answer, "code": "TerminalStateReached", "message": "over"})
            return
        self._answer(message.topic, "accepted", answer)

    def _answer(self, topic: str, end: str, answer: dict) -> None:
        self._client.publish(f"{topic}/{end}", json.dumps(answer), 1)
