"""A device whose queue of jobs holds whatever document comes on stdin (JSON, a line each), and behind it a good job.

Says what became of both. The engine, the handlers and the firmware code are real, on the tests' peer and its Jobs
service (tests/device); in place of the file servers that a document names stands one that has no file.
"""

import json
import sys

from job_queue import Queue
from peer import Peer
from samples import folder

import aws_iot.fota.download
from aws_iot.errors import Rejected
from aws_iot.fota import Fota
from aws_iot.fota.slots import FileSlot
from aws_iot.jobs import Jobs

_LIMIT_MS = 200000
_PACKET_BYTES = 20000  # some documents are larger


class NoFile:
    """Stands in for the source of each download: the answer is 404."""

    def fetch(self, offset):
        raise Rejected(404, "HTTP status")
        yield


aws_iot.fota.download.Download._source = lambda self: NoFile()


def play(document, root, public_key):
    """The ends of the two jobs, (status, details) each."""
    with Peer() as peer:
        client = peer.client(packet_bytes=_PACKET_BYTES)
        client.thingname, client.mqtt = "me", client  # a thing as far as Jobs looks
        queue = Queue(peer, document, {"operation": "good"})
        jobs = Jobs(client)
        jobs.handle("move", lambda job: {"moved": job.document})
        jobs.handle("good", lambda job: None)
        Fota(client, FileSlot("1.0", root, "esp32"), jobs, public_key=public_key)
        client.connect()
        client.until(queue.over, _LIMIT_MS)
        return queue.ends()


root = folder("documents")
while True:
    line = sys.stdin.readline()
    if not line:
        break
    given = json.loads(line)
    print(json.dumps({"event": "end", "ends": play(given["document"], root, given["key"])}))
