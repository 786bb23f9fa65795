"""A board without network that is updated over the air: what stands in for the thing, and what drives the job.

Slots, boot, record, install, download and trial are the real ones. The job follows
https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html.
"""

from aws_iot.fota.download import Download
from aws_iot.jobs.job import Job, JobError


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
    """Stands in for the Jobs service, which `write(status, details)` reaches at once."""

    def __init__(self, job_id, status, document):
        super().__init__(Thing(), job_id)
        self.status, self.document, self.number = status, document, 1

    def update(self, status, details=None):
        if self.canceled:
            return False
        self.status = status
        self.write(status, details or {})
        return True

    def steps(self, name, *args):
        yield from ()
        return getattr(self, name)(*args)

    def progress(self, details):
        return self.update("IN_PROGRESS", details)


class Local:
    """The image from a file, 1000 bytes at a time."""

    def __init__(self, path):
        self.path = path

    def fetch(self, offset):
        with open(self.path, "rb") as file:
            file.seek(offset)
            while True:
                data = file.read(1000)
                if not data:
                    return
                yield memoryview(data)
                yield True


def serve(path):
    """Whatever is downloaded comes from the file path(image)."""
    Download._source = lambda self: Local(path(self.image))


def carry_out(fota, job):
    """What the job asks for, to its end or to the reset."""
    work = fota.resume(job) if job.status == "IN_PROGRESS" else job.update("IN_PROGRESS") and fota.install(job)
    try:
        for result in work:
            if isinstance(result, dict):
                job.progress(result)
    except JobError as error:
        job.update("FAILED", {"reason": str(error)})
    else:
        job.update("SUCCEEDED")
