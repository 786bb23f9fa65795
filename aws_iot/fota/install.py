"""The work of a firmware job. Lent by Fota for one; what waits is a generator, advanced from thing.poll()."""

import gc

import aws_iot

from ..jobs.job import JobError


def install(fota, job):
    """Fetch, verify and start what ``job`` asks for."""
    slot = fota.slot
    buffer = download = image = None
    try:
        while slot.trial:
            yield None  # confirm() or the time limit ends it; only then is there a slot to write to
        # first of all, while there is a piece of the heap that is long enough
        gc.collect()
        buffer = bytearray(fota.buffer_bytes)
        image = aws_iot.fota.images.read(job.document)
        job.document = None  # it takes a kilobyte, which the download needs
        aws_iot.fota.check.check(image, slot, fota.options, image.version, image.board)
        # before the rest of the download is in the heap: there may be no room for both
        yield from aws_iot.fota.check.statement(fota.options["public_key"], image)
        fota.emit("start", image.version)
        fota.emit("erase", "pending")
        have = slot.begin(image.name, image.size)
        fota.emit("erase", "done")
        download = aws_iot.fota.download.Download(fota.thing, slot, job, image, fota.options, buffer, fota.emit)
        buffer = None
        yield from download.fetch(have)
        yield from aws_iot.fota.verify.verify(download)
        version = image.version or slot.claims.get("version")
        force = fota.options["force"] or image.force
        record = {"id": job.id, "number": job.number, "version": version, "from": slot.version, "force": force}
        if fota.options["public_key"]:
            record["counter"] = image.counter
        download = image = None
        yield from aws_iot.fota.trial.switch(fota, job, record)
    except GeneratorExit:
        _drop(fota, "canceled")
        raise
    except Exception as error:
        buffer = download = image = None  # what tells the reason needs the room, most of all when it is a lack of it
        gc.collect()
        try:
            reason = aws_iot.fota.trial.reason(error)
        except MemoryError:
            reason = "no memory for the update"
        _drop(fota, reason)
        raise JobError(reason)


def _drop(fota, reason):
    fota.emit("error", reason)
    if "next" not in fota.slot.record:
        try:
            fota.slot.discard()
        except Exception as error:  # the job is told the reason, not this
            fota.thing.mqtt.report(error)
