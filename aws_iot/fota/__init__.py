"""Firmware over the air by AWS IoT Jobs: fetch, verify, try, and keep only what the application confirms.

A job has SUCCEEDED only when the new version runs and confirm() was called; whatever goes wrong leaves the running
version untouched or brings it back, and the job has FAILED with the reason. The slot's record survives power cuts.
https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs.html
"""

import aws_iot

from .. import ticks_diff, ticks_ms
from ..record import reset  # noqa: F401  Zerynth's place for it

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

OPERATIONS = ("fota", "app_fw_update", "afr_ota")  # ours and Zerynth's, Nordic's, FreeRTOS's

TYPE_CHECKING = const(0)
if TYPE_CHECKING:  # for readers' tools: mpy-cross leaves this out
    from . import (
        bundle,
        cbor,
        cbor_decode,
        check,
        download,
        images,
        install,
        partition,
        public_key,
        signature,
        slots,
        stream_request,
        streams,
        trial,
        verify,
        versions,
    )


def __getattr__(name):
    return aws_iot.lend(globals(), name)


class Fota:
    """Installs what the jobs of ``thing`` ask for into ``slot``, from thing.poll() or whatever drives it.

    ``jobs``: its Jobs, thing.jobs unless given. ``public_key`` (PEM or DER, ECDSA P-256 or RSA, or a list of them):
    only images that the owner of one signed are installed. ``force``: older versions too. ``trial_s``: a new version
    that does not confirm() in this time is undone. ``auto_reset``: start the new version at once, else at the next
    reset. ``pause_mqtt``: close the MQTT connection during an HTTPS download; None: when memory is short.
    ``buffer_bytes``: for what comes between two writes to the flash. ``https``, ``stream``: options of HttpsSource and
    StreamSource.
    ``on_event(event, value)``: start (version), erase ("pending", "done"), progress (percent), done (version),
    confirmed (version), error (reason). Raises ValueError for what is no such key, and for a version of the slot that
    has no place in the order of versions.py.
    """

    def __init__(
        self, thing, slot, jobs=None, *, public_key=None, force=False, trial_s=600, auto_reset=True, pause_mqtt=None,
        buffer_bytes=4096, https=None, stream=None, on_event=None,
    ):  # fmt: skip
        self.thing = thing
        self.slot = slot
        self.on_event = on_event
        aws_iot.fota.versions.order(slot.version)
        keys = None if public_key is None else aws_iot.fota.public_key.keys(public_key)
        self.options = {
            "public_key": keys, "force": force, "pause_mqtt": pause_mqtt, "https": https or {},
            "stream": stream or {},
        }  # fmt: skip
        self._trial_ms = trial_s * 1000
        self.auto_reset = auto_reset
        self.buffer_bytes = buffer_bytes
        self._begun = ticks_ms()
        self.why = slot.trial and aws_iot.fota.trial.why(slot)
        if jobs is None:
            jobs = thing.jobs
        if jobs:
            for name in OPERATIONS:
                jobs.handle(name, self.install, self.resume)
            jobs.watch(self.watch)

    def confirm(self):
        """The new version is healthy and stays: its job has SUCCEEDED. To be called once all that matters works."""
        slot = self.slot
        if slot.trial and not self.why:
            job = slot.record.get("job", {})
            changes = {"confirmed": job.get("id")}
            if isinstance(job.get("counter"), int):
                changes["counter"] = max(job["counter"], slot.record.get("counter", 0))
            slot.confirm(**changes)
            self.emit("confirmed", slot.version)

    def install(self, job):
        """Fetch, verify and start what ``job`` asks for: a generator that the Jobs engine advances."""
        return aws_iot.fota.install.install(self, job)

    def resume(self, job):
        """A job that was in progress when this program started: tell what became of it, or go on where it was."""
        return aws_iot.fota.trial.resume(self, job)

    def emit(self, event, value):
        """Tell ``on_event``."""
        if self.on_event:
            self.thing.mqtt.call(self.on_event, event, value)

    def watch(self):
        """End a trial that takes too long, or should not have been begun."""
        if self.slot.trial:
            if self.why:
                self.undo(self.why)
            elif ticks_diff(ticks_ms(), self._begun) > self._trial_ms:
                self.undo("not confirmed in %d s" % (self._trial_ms // 1000))

    def undo(self, why):
        """End the trial, tell ``why``, and start again, with the old version."""
        try:
            self.slot.undo(why)
            self.emit("error", why)
        finally:  # also when the flash is full: boot.py then makes room
            self.slot.reset()


def handle_fota_jobs(jobs, force=False, disconnect_mqtt=None, auto_reset=True, job_cbk=None, slot=None, **options):
    """Deal with the pending jobs, and come back: Zerynth's call. True if one of them was a firmware job.

    Its being called tells that the running version is healthy: a version on trial is confirmed. AWS is asked when
    something has changed since, or may have, or with ``force``. ``job_cbk(job)`` gets the jobs that are not about
    firmware, to update them itself. ``slot`` (default: what fits the board) and ``options`` are Fota's. Raises what
    Jobs.list() and Job.update() raise.
    """
    fota = Fota(
        jobs.thing, slot or aws_iot.fota.slots.default(), False, pause_mqtt=disconnect_mqtt, auto_reset=auto_reset,
        **options,
    )  # fmt: skip
    fota.confirm()
    if not (jobs.asking or force):
        return False
    jobs.asking = False
    try:
        return aws_iot.fota.trial.handle(fota, jobs, job_cbk)
    except BaseException:  # also Ctrl-C
        jobs.asking = True  # it is not done
        raise
