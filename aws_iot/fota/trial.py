"""What follows a download, and what is found after a restart. Lent by Fota; what waits is a generator."""

import aws_iot

from ..errors import LinkError, ProtocolError, Rejected, ResponseTimeout
from ..jobs.job import Job, JobError
from . import OPERATIONS

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_ENOSPC = const(28)
_STEP_MS = const(100)


def resume(fota, job):
    """A job that was in progress when this program started: tell what became of it, or go on where it was."""
    slot = fota.slot
    record = slot.record
    tried = record.get("job", {})
    # by its number, too: AWS retries a job under the same id. Older versions of this library noted none
    if tried.get("id") == job.id and tried.get("number", job.number) == job.number:
        while slot.trial:
            yield None  # confirm() or the time limit ends it
        # activate() of the next image clears the record: AWS may not get this report, and then asks again
        if "undone" in record:
            raise JobError("rolled back: " + record["undone"])
        if record.get("confirmed") == job.id:
            return {"version": slot.version}
        if slot.stalled():
            yield from switch(fota, job)
        elif "next" in record:
            slot.undo("it was never started: does main.py call aws_iot.boot.run()?")
            raise JobError(record["undone"])
    return (yield from fota.install(job))


def why(slot):
    """Why the version on trial in ``slot`` may not stay, or None: it must be the one that the job named."""
    job = slot.record.get("job", {})
    named, old = job.get("version"), job.get("from", "0")
    versions = aws_iot.fota.versions
    if named:
        if not versions.matches(slot.version, named):
            return "version %s runs, not %s" % (slot.version, named)
    elif not job.get("force") and slot.version != "0" and not versions.newer(slot.version, old):
        return "version %s is not newer than %s" % (slot.version, old)
    return None


def switch(fota, job, record=None):
    """Tell AWS, which may have cancelled the job, and let the new version have its trial."""
    slot = fota.slot
    record = record or slot.record["job"]
    details = {"progress": 100, "self_test": "ready", "updatedBy": _hex(slot.version)}
    while True:
        yield from aws_iot.fota.verify.connected(fota.thing)
        try:
            if (yield from job.steps("progress", details)):
                break
        except (LinkError, ResponseTimeout):
            pass
        yield None  # here the engine closes a job that was cancelled
    slot.activate(job=record)
    fota.emit("done", record.get("version"))
    while True:
        # from here on nothing may fail the job: whatever happens, the next reset starts the new version
        if fota.auto_reset:
            try:
                fota.thing.disconnect()
            except Exception as error:
                fota.thing.mqtt.report(error)
            slot.reset()
        yield None


def handle(fota, jobs, job_cbk):
    """handle_fota_jobs() with this Fota."""
    found = False
    for pending in jobs.list():
        for job in pending:
            if "next" in fota.slot.record:
                return True  # the next reset starts it: no other before
            if not job.describe():  # it is gone meanwhile, or AWS is busy
                jobs.asking = jobs.asking or not job.canceled
            elif job.error:  # its document cannot be read here
                job.update(Job.FAILED, aws_iot.jobs.details.why(job.error))
            elif aws_iot.jobs.details.operation(job.document) not in OPERATIONS:
                if job_cbk:
                    job_cbk(job)
            elif job.status == Job.IN_PROGRESS:
                found = True
                _finish(fota, job, resume(fota, job))
            elif job.update(Job.IN_PROGRESS):
                found = True
                _finish(fota, job, fota.install(job))
    return found


def _finish(fota, job, work):
    """Advance ``work`` to its end, and report that."""
    try:
        while not job.canceled:
            result = next(work)
            if isinstance(result, dict):
                job.progress(result)
            fota.thing.poll(0 if result else _STEP_MS)
            if "next" in fota.slot.record and not fota.slot.trial:
                return  # it starts with the next reset
        work.close()
    except StopIteration as end:
        job.update(Job.SUCCEEDED, end.value)
    except JobError as error:
        job.update(Job.FAILED, {"reason": aws_iot.jobs.details.text(error)})


def reason(error):
    """What to report of an error."""
    if isinstance(error, JobError):
        return str(error)
    if isinstance(error, Rejected):
        words = {
            400: "the URL has expired, or the bucket is in another region",
            401: "the server wants a password",
            403: "the URL has expired, or its role may not read the file",
            404: "the server has no such file",
            410: "the file is gone",
        }.get(error.code, error.message)
        return ("download refused: %s, %s" if words else "download refused: %s%s") % (error.code, words)
    if isinstance(error, (LinkError, ResponseTimeout, ProtocolError)):
        return "download failed: %s" % error
    if isinstance(error, OSError) and error.args and error.args[0] == _ENOSPC:
        return "no space for the image"
    return "%s: %s" % (type(error).__name__, error)


def _hex(version):
    """A version as FreeRTOS writes it: 0xMMmmbbbb."""
    parts = str(version).lstrip("v").split("-")[0].split(".")
    numbers = [int(part) if part.isdigit() else 0 for part in parts] + [0, 0, 0]
    return hex((numbers[0] & 255) << 24 | (numbers[1] & 255) << 16 | numbers[2] & 65535)
