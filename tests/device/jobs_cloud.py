"""A stand-in for AWS's Jobs service behind a Peer: one job.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

from json import loads


class JobsService:
    """``refuse``: the code of each refusal of an end to come."""

    document = {"operation": "work"}  # noqa: RUF012
    number = 1
    lost = 0  # so many reports of the end never arrive
    cancel = ()  # it is cancelled behind the answer to the first of these verbs
    busy = 0  # so many questions are throttled

    def __init__(self, peer, *refuse, status="QUEUED"):
        self.peer, self.refuse = peer, list(refuse)
        self.status, self.updates = status, []
        peer.service = self.take

    def take(self, topic, payload):
        verb = topic.split("/")[-1]
        document = loads(payload)
        answer = {"clientToken": document["clientToken"]}
        if verb == "get" and self.busy:
            self.busy -= 1
            answer["code"] = "RequestThrottled"
            self.peer.publish(topic + "/rejected", answer)
            return
        if verb == "get" and ("$next" not in topic or self.status in ("QUEUED", "IN_PROGRESS")):
            answer["execution"] = {
                "jobId": "1", "status": self.status, "versionNumber": 1, "executionNumber": self.number,
                "jobDocument": self.document,
            }  # fmt: skip
        elif verb == "update":
            self.updates.append((document["status"], document.get("statusDetails")))
            if document["status"] != "IN_PROGRESS" and self.lost:
                self.lost -= 1
                return
            if document["status"] != "IN_PROGRESS" and self.refuse:
                answer["code"] = self.refuse.pop(0)
                self.peer.publish(topic + "/rejected", answer)
                return
            self.status = document["status"]
        self.peer.publish(topic + "/accepted", answer)
        if verb in self.cancel:  # while the device has not seen this answer yet
            self.end("CANCELED")

    def end(self, status):
        """The cloud ends the execution."""
        self.status, self.cancel = status, ()
        self.peer.publish("$aws/things/me/jobs/notify", {"jobs": {}})
