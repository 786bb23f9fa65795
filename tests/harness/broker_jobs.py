"""The part of AWS IoT Jobs that a device talks to over MQTT, for one queued job, on the scripted broker.

Plays https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html.
"""

import json


class JobService:
    """One job for one thing. Give it to Broker(services=[...]). `statuses` are those that the device reported."""

    def __init__(self, thing="device", job_id="job-1", document=None):
        self.prefix = f"$aws/things/{thing}/jobs/"
        self.job_id, self.document = job_id, document or {"operation": "advisor"}
        self.statuses, self.version, self.requests = ["QUEUED"], 1, []

    def _open(self):
        return self.statuses[-1] in ("QUEUED", "IN_PROGRESS")

    def _execution(self):
        if not self._open():
            return {}
        return {
            "execution": {
                "jobId": self.job_id,
                "status": self.statuses[-1],
                "queuedAt": 1,
                "lastUpdatedAt": 1,
                "versionNumber": self.version,
                "executionNumber": 1,
                "jobDocument": self.document,
            }
        }

    async def __call__(self, broker, link, packet):
        """A client published."""
        if not packet.topic.startswith(self.prefix):
            return
        name = packet.topic[len(self.prefix) :]
        request = json.loads(packet.payload or b"{}")
        self.requests.append(name)
        answer = {"timestamp": 1}
        if "clientToken" in request:
            answer["clientToken"] = request["clientToken"]
        if name == "get":
            job = {"jobId": self.job_id, "versionNumber": self.version, "executionNumber": 1}
            answer |= {"inProgressJobs": [], "queuedJobs": [job] if self._open() else []}
        elif name.endswith("/update"):
            self.statuses.append(request["status"])
            self.version += 1
            state = {"status": request["status"], "versionNumber": self.version}
            answer |= {"executionState": state, "jobDocument": self.document}
        else:  # start-next, $next/get, ID/get
            if name == "start-next" and self._open():
                self.statuses.append("IN_PROGRESS")
            answer |= self._execution()
        await broker.publish(f"{packet.topic}/accepted", json.dumps(answer).encode(), 1)
