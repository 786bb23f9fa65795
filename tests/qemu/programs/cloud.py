"""What the board's application stands on where there is no network. In the board's ROMFS, with the image.

The Jobs service is played by the host at the other end of the serial line, which keeps the job's state as the cloud
does: https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html; the server with the image by a file
in ROMFS. What else is played is offline.py's, of the system tests; the reset between versions is a real one.
"""

import json
import os
import sys

from offline import CloudJob, Thing, carry_out, serve

from aws_iot.fota import Fota
from aws_iot.fota.slots import FileSlot


def tell(**event):
    print(json.dumps(event))


def ask(**event):
    tell(**event)
    return json.loads(sys.stdin.readline())


class Execution(CloudJob):
    """The one whose state the host keeps."""

    def __init__(self):
        state = ask(event="describe")
        super().__init__(state["id"], state["status"], state["document"])

    def update(self, status, details=None):
        if self.canceled:
            return False
        self.status = status
        return ask(event="update", status=status, details=details)["accepted"]


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
    serve(lambda image: "/rom/" + image.version)
    fota = Fota(Thing(), FileSlot(version, board="mps2"), False)
    fota.confirm()
    job = Execution()
    if not job.canceled:
        carry_out(fota, job)
    tell(event="end", version=version)
