"""What the board's application stands on where there is no network. In the board's ROMFS, with the image.

The Jobs service is played by the host at the other end of the serial line, which keeps the job's state as the cloud
does: https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html; the server with the image by a file
in ROMFS. Slots, boot, record, install, download and trial are the real ones, and so is the reset between versions.
"""

import json
import os
import sys

from aws_iot.fota import Fota
from aws_iot.fota.download import Download
from aws_iot.fota.slots import FileSlot
from aws_iot.jobs.job import Job, JobError


def tell(**event):
    print(json.dumps(event))


def ask(**event):
    tell(**event)
    return json.loads(sys.stdin.readline())


class Mqtt:
    """Stands in for a client that is connected all the time."""

    ready = connected = True
    due = 0
    context = None

    def call(self, function, *args):
        function(*args)

    def report(self, error):
        raise error

    def disconnect(self):
        """For the download, when memory is short."""


class Thing:
    """Stands in for a thing."""

    mqtt = Mqtt()
    thingname = "thing"

    def disconnect(self):
        pass


class CloudJob(Job):
    """The execution whose state the host keeps."""

    def __init__(self):
        state = ask(event="describe")
        super().__init__(Thing(), state["id"])
        self.status, self.document, self.number = state["status"], state["document"], 1

    def update(self, status, details=None):
        if self.canceled:
            return False
        self.status = status
        return ask(event="update", status=status, details=details)["accepted"]

    def steps(self, name, *args):
        yield from ()
        return getattr(self, name)(*args)

    def progress(self, details):
        return self.update("IN_PROGRESS", details)


class Local:
    """The image of a version from ROMFS, 1000 bytes at a time."""

    def __init__(self, version):
        self.path = "/rom/" + version

    def fetch(self, offset):
        with open(self.path, "rb") as file:
            file.seek(offset)
            while True:
                data = file.read(1000)
                if not data:
                    return
                yield memoryview(data)
                yield True


def whole(folder, version):
    """Whether each file of a set has its size, and only bytes of its version."""
    with open("/rom/sizes.json") as file:
        sizes = json.load(file)
    for name in sizes:
        if os.stat(folder + "/" + name)[6] != sizes[name]:
            return False
        with open(folder + "/" + name, "rb") as file:
            while True:
                data = file.read(512)
                if not data:
                    break
                if data.strip(version[:1].encode()):
                    return False
    return True


def run(version, file):
    """The application's life: tell what runs, say that it is good, do what the job asks for."""
    # the first version came by the serial line: it is app.py alone
    tell(event="boot", version=version, whole=version == "1.0.0" or whole(file.rsplit("/", 1)[0], version))
    Download._source = lambda self: Local(self.image.version)
    fota = Fota(Thing(), FileSlot(version, board="mps2"), False)
    fota.confirm()
    job = CloudJob()
    if not job.canceled:
        work = fota.resume(job) if job.status == "IN_PROGRESS" else job.update("IN_PROGRESS") and fota.install(job)
        try:
            for result in work:
                if isinstance(result, dict):
                    job.progress(result)
        except JobError as error:
            job.update("FAILED", {"reason": str(error)})
        else:
            job.update("SUCCEEDED")
    tell(event="end", version=version)
