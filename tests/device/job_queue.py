"""Plays the Jobs service for the queue of one thing's jobs, behind a Peer.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html: <id>|$next/get, with or without the document,
and <id>/update; the next job is the first in the queue that has not ended.
"""

from json import dumps, loads

OVER = ("SUCCEEDED", "FAILED", "REJECTED", "CANCELED")


class Queue:
    """``jobs``: [id, document as JSON text, status, details] of each, in the queue's order. ``asked``: (verb, id)."""

    thing = "me"

    def __init__(self, peer, *documents):
        self.peer = peer
        self.jobs = []
        self.asked = []
        for document in documents:
            self.add(document)
        peer.service = self.take

    def add(self, document):
        """One more job: a dict, or JSON text as it is."""
        text = document if isinstance(document, str) else dumps(document)
        self.jobs.append([str(len(self.jobs) + 1), text, "QUEUED", None])
        if len(self.jobs) > 1:
            queued = {"jobs": {"QUEUED": [{"jobId": self.jobs[-1][0]}]}}
            self.peer.publish("$aws/things/%s/jobs/notify" % self.thing, queued)

    def ends(self):
        """(status, details) of each job."""
        return [tuple(job[2:]) for job in self.jobs]

    def over(self):
        """True when all have ended."""
        return all([job[2] in OVER for job in self.jobs])

    def take(self, topic, payload):
        """A message of the device."""
        name, verb = topic.split("/")[-2:]
        request = loads(payload)
        execution = ""
        found = [job for job in self.jobs if (job[0] == name if name != "$next" else job[2] not in OVER)]
        self.asked.append((verb, name))
        if verb == "update":
            found[0][2:] = [request["status"], request.get("statusDetails")]
        elif found:
            job = found[0]
            state = dumps({"jobId": job[0], "status": job[2], "versionNumber": 1, "executionNumber": 1})
            document = ', "jobDocument": ' + job[1] if request.get("includeJobDocument") else ""
            execution = ', "execution": %s%s}' % (state[:-1], document)
        answer = '{"clientToken": "%s"%s}' % (request["clientToken"], execution)
        self.peer.publish(topic + "/accepted", answer.encode())
