"""Firmware over the air by AWS IoT Jobs: fetch, verify, try, and keep only what the application confirms.

A job has SUCCEEDED only when the new version runs and confirm() was called; whatever goes wrong leaves the running
version untouched or brings it back, and the job has FAILED with the reason. The slot's record survives power cuts.
https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs.html
"""

import gc

from . import borrow
from .errors import LinkError, ProtocolError, Rejected, ResponseTimeout
from .job import Job, JobError, operation
from .transport import ticks_diff, ticks_ms

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_OPERATIONS = ("fota", "app_fw_update", "afr_ota")  # ours and Zerynth's, Nordic's, FreeRTOS's
_ENOSPC = const(28)
_STEP_MS = const(100)


class Fota:
    """Installs what the jobs of ``thing`` ask for into ``slot``, from thing.poll() or whatever drives it.

    ``jobs``: the thing's Jobs, if there is one already. ``public_key`` (PEM or DER, ECDSA P-256 or RSA): only images
    that its owner signed are installed. ``force``: older versions too. ``trial_s``: a new version that does not confirm()
    in this time is undone. ``auto_reset``: start the new version at once, else at the next reset. ``pause_mqtt``: close
    the MQTT connection during an HTTPS download; None: when memory is short. ``https``, ``stream``: options of
    HttpsSource and StreamSource. ``on_event(event, value)``: start (version), erase ("pending", "done"), progress
    (percent), done (version), confirmed (version), error (reason).
    """

    def __init__(
        self, thing, slot, jobs=None, *, public_key=None, force=False, trial_s=600, auto_reset=True, pause_mqtt=None,
        https=None, stream=None, on_event=None,
    ):  # fmt: skip
        self.thing = thing
        self.slot = slot
        self.on_event = on_event
        self._options = {
            "public_key": public_key, "force": force, "pause_mqtt": pause_mqtt, "https": https or {},
            "stream": stream or {},
        }  # fmt: skip
        self._trial_ms = trial_s * 1000
        self._auto_reset = auto_reset
        self._begun = ticks_ms()
        if jobs is None:
            from .jobs import Jobs

            jobs = Jobs(thing)
        if jobs:
            for name in _OPERATIONS:
                jobs.handle(name, self.install, self.resume)
            jobs.watch(self._watch)

    def confirm(self):
        """The new version is healthy and stays: its job has SUCCEEDED. To be called once all that matters works."""
        slot = self.slot
        if slot.trial and self._rising():
            slot.confirm(confirmed=slot.record["job"]["id"])
            self._emit("confirmed", slot.version)

    def _emit(self, event, value):
        if self.on_event:
            self.thing.mqtt.call(self.on_event, event, value)

    def _rising(self):
        """True unless this trial is of a version that neither document nor image named, and that is not newer."""
        slot = self.slot
        job = slot.record["job"]
        if job["force"] or job["version"] or slot.version == "0":
            return True
        return borrow("images").newer(slot.version, job["from"])

    def _watch(self):
        """End a trial that takes too long, or should not have been begun."""
        if self.slot.trial:
            if not self._rising():
                self._undo("version %s is not newer than %s" % (self.slot.version, self.slot.record["job"]["from"]))
            elif ticks_diff(ticks_ms(), self._begun) > self._trial_ms:
                self._undo("not confirmed in %d s" % (self._trial_ms // 1000))

    def _undo(self, why):
        self.slot.undo(why)
        self._emit("error", why)
        self.slot.reset()

    # -- the work of a job: generators, which the Jobs engine advances

    def resume(self, job):
        """A job that was in progress when this program started: tell what became of it, or go on where it was."""
        slot = self.slot
        record = slot.record
        if record.get("job", {}).get("id") == job.id:
            while slot.trial:
                yield None  # confirm() or _watch() ends it
            if "undone" in record:
                why = record["undone"]
                slot.save(undone=None, error=None, job=None)
                raise JobError("rolled back: " + why)
            if record.get("confirmed") == job.id:
                slot.save(confirmed=None, job=None)
                return {"version": slot.version}
            if slot.stalled():
                yield from self._switch(job)
            elif "next" in record:
                slot.undo("it was never started: does main.py call aws_iot.boot.run()?")
                raise JobError(record["undone"])
        return (yield from self.install(job))

    def install(self, job):
        """Fetch, verify and start what ``job`` asks for."""
        slot = self.slot
        try:
            gc.collect()
            download = borrow("download").Download(self.thing, slot, job, self._options, self._emit)
            image = download.image
            self._emit("start", image.version)
            self._emit("erase", "pending")
            have = slot.begin(image.name, image.size)
            self._emit("erase", "done")
            yield from download.fetch(have)
            yield from download.verify()
            version = image.version or slot.claims.get("version")
            force = self._options["force"] or image.force
            yield from self._switch(job, {"id": job.id, "version": version, "from": slot.version, "force": force})
        except GeneratorExit:
            self._drop("canceled")
            raise
        except Exception as error:
            reason = _reason(error)
            self._drop(reason)
            raise JobError(reason)

    def _drop(self, reason):
        self._emit("error", reason)
        if "next" not in self.slot.record:
            self.slot.discard()

    def _switch(self, job, record=None):
        """Tell AWS, which may have cancelled the job, and let the new version have its trial."""
        slot = self.slot
        record = record or slot.record["job"]
        details = {"progress": 100, "self_test": "ready", "updatedBy": _hex(slot.version)}
        while True:
            yield from borrow("download").connected(self.thing)
            try:
                if job.progress(details):
                    break
            except (LinkError, ResponseTimeout):
                pass
            yield None  # here the engine closes a job that was cancelled
        slot.activate(job=record)
        self._emit("done", record["version"])
        if self._auto_reset:
            self.thing.disconnect()
            slot.reset()
        while True:
            yield None


def handle_fota_jobs(jobs, force=False, disconnect_mqtt=None, auto_reset=True, job_cbk=None, slot=None, **options):
    """Deal with the pending jobs, and come back: Zerynth's call. True if one of them was a firmware job.

    Its being called tells that the running version is healthy: a version on trial is confirmed. ``job_cbk(job)`` gets
    the jobs that are not about firmware, to update them itself. ``slot`` (default: what fits the board) and ``options``
    are Fota's. Raises what Jobs.list() and Job.update() raise.
    """
    if slot is None:
        from .slots import default

        slot = default()
    fota = Fota(
        jobs.thing, slot, False, force=force, pause_mqtt=disconnect_mqtt, auto_reset=auto_reset, **options
    )  # fmt: skip
    fota.confirm()
    found = False
    for pending in jobs.list():
        for job in pending:
            job.describe()
            if operation(job.document) not in _OPERATIONS:
                if job_cbk:
                    job_cbk(job)
            elif job.status == Job.IN_PROGRESS:
                found = True
                _finish(fota, job, fota.resume(job))
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
        job.update(Job.FAILED, {"reason": str(error)})


def _reason(error):
    if isinstance(error, JobError):
        return str(error)
    if isinstance(error, Rejected):
        return "download refused: %s %s" % (error.code, error.message)
    if isinstance(error, (LinkError, ResponseTimeout, ProtocolError)):
        return "download failed: %s" % error
    if isinstance(error, OSError) and error.args and error.args[0] == _ENOSPC:
        return "no space for the image"
    return "%s: %s" % (type(error).__name__, error)


def _hex(version):
    """A version as FreeRTOS writes it: 0xMMmmbbbb."""
    numbers = [int(part) if part.isdigit() else 0 for part in version.lstrip("v").split("-")[0].split(".")] + [0, 0, 0]
    return "0x%x" % ((numbers[0] & 255) << 24 | (numbers[1] & 255) << 16 | numbers[2] & 65535)
