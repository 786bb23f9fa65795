"""How an image comes into a slot, from a stream or a URL, through cuts and expired URLs; and whether it is right.

Loaded when an update begins. Everything that waits is a generator, advanced from thing.poll().
"""

import gc
from hashlib import sha256

from . import borrow
from .errors import LinkError, Rejected, ResponseTimeout
from .job import JobError
from .transport import ticks_add, ticks_diff, ticks_ms

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_TRIES = const(8)  # connections in a row that brought no byte
_RENEWALS = const(3)  # fresh URLs in a row that were refused
_BACKOFF_MS = const(1000)  # doubled up to 32 s
_PATIENCE_MS = const(3600000)  # without a byte, or without the connection
_REPORT_PERCENT = const(10)
_TWO_SESSIONS_BYTES = const(150000)  # a plain ESP32 has less; two TLS sessions take about 100 KB of it
_AWAY_MS = const(60000)
_DIGEST_BYTES = const(32)
_WAIT = const(1)  # as in mqtt.py
_EXPIRED = (400, 403)  # what S3 answers to a presigned URL that is too old


class Download:
    """Fetches the image that ``job`` asks for into ``slot``. ``options``: force, public_key, pause_mqtt, https, stream.

    ``emit(event, value)`` is told the progress in percent. Raises JobError with the reason to report.
    """

    def __init__(self, thing, slot, job, options, emit):
        self.thing = thing
        self.slot = slot
        self.job = job
        self.options = options
        self.emit = emit
        images = borrow("images")
        self._newer = images.newer
        self.image = image = images.Image(job.document)
        if image.kind and image.kind != slot.kind:
            raise JobError("image of kind %s, this board takes %s" % (image.kind, slot.kind))
        if options["public_key"] and not image.signature:
            raise JobError("image is not signed")
        self._check(image.version, image.board)

    def _check(self, version, board):
        slot, image = self.slot, self.image
        if board and board != slot.board:
            raise JobError("image for board %s, this is %s" % (board, slot.board))
        if image.version and version and version != image.version:
            raise JobError("image of version %s, not %s" % (version, image.version))
        if version and not (self.options["force"] or image.force or self._newer(version, slot.version)):
            raise JobError("version %s is not newer than %s" % (version, slot.version))

    def _source(self):
        """The stream, which needs no second TLS session, or the URL."""
        image, options = self.image, self.options
        gc.collect()  # what stays for the whole download had better not lie among what goes
        if image.stream:
            return borrow("streams").StreamSource(self.thing, image.stream, image.file, image.size, **options["stream"])
        # what is signed may come over plain HTTP
        chosen = {"plain": bool(options["public_key"])}
        chosen.update(options["https"])
        return borrow("https").HttpsSource(image.url, image.size, **chosen)

    def fetch(self, have):
        """Bring the bytes from number ``have`` on into the slot."""
        self.have = have
        self.shown = self.reported = have * 100 // self.image.size
        try:
            yield from self._attempts(self._source())
        finally:
            if not self.thing.mqtt.connected:
                retry(self.thing.mqtt, 0)

    def _attempts(self, source):
        fails = refused = 0
        while self.have < self.image.size:
            before = self.have
            try:
                yield from self._attempt(source)
            except Rejected as error:
                refused = 1 if self.have > before else refused + 1
                if self.image.stream or error.code not in _EXPIRED or refused > _RENEWALS:
                    raise
                source.url = yield from self._renew()
            except (LinkError, ResponseTimeout):
                fails = 1 if self.have > before else fails + 1
                if fails == _TRIES:
                    raise
                yield from _sleep(_BACKOFF_MS << min(fails - 1, 5))

    def _attempt(self, source):
        away = not self.image.stream and self._leave()
        last = ticks_ms()
        parts = source.fetch(self.have)
        try:
            for data in parts:
                if data is None or data is True:
                    if ticks_diff(ticks_ms(), last) > _PATIENCE_MS:
                        raise JobError("download: nothing came for an hour")
                    if away:
                        retry(self.thing.mqtt, _AWAY_MS)
                    yield data
                else:
                    last = ticks_ms()
                    yield from self._take(data)
        finally:
            parts.close()

    def _take(self, data):
        self.slot.write(data)
        self.have += len(data)
        claims = self.slot.claims
        if claims:
            self._check(claims.get("version"), claims.get("board"))
        percent = self.have * 100 // self.image.size
        if percent > self.shown:
            self.shown = percent
            self.emit("progress", percent)
        if percent >= self.reported + _REPORT_PERCENT and self.thing.mqtt.ready:
            self.reported = percent
            yield {"progress": percent}

    def _leave(self):
        """Close the MQTT connection if there is no room for a second TLS session; says whether."""
        away = self.options["pause_mqtt"]
        if away is None:
            gc.collect()
            away = hasattr(gc, "mem_free") and gc.mem_free() < _TWO_SESSIONS_BYTES
        if away:
            mqtt = self.thing.mqtt
            mqtt.disconnect()
            mqtt.off = False
            retry(mqtt, _AWAY_MS)
        return away

    def _renew(self):
        """A fresh presigned URL: they are made whenever the document is asked for."""
        while True:
            yield from connected(self.thing)
            try:
                if self.job.describe():
                    break
                raise JobError("job cannot be described: %s" % self.job.error)
            except (LinkError, ResponseTimeout):
                yield from _sleep(_BACKOFF_MS)
        fresh = borrow("images").Image(self.job.document)
        if fresh.name != self.image.name:
            raise JobError("the job's image has changed")
        return fresh.url

    def verify(self):
        """Read the image back from the slot, and check its size, SHA-256 and signature."""
        image, key = self.image, self.options["public_key"]
        # a signature over the image itself needs the digest of all of it; an image that comes with neither that nor a
        # digest carries its own at the end
        whole = image.sha256 or (key and not image.statement)
        digest, tail, total = sha256(), b"", 0
        end = image.size if whole else image.size - _DIGEST_BYTES
        md5 = _md5() if image.md5 else None
        for part in self.slot.parts():
            digest.update(part[: max(0, end - total)])
            tail += bytes(part[max(0, end - total) :])
            total += len(part)
            if md5:
                md5.update(part)
            yield True
        digest = digest.digest()
        if total != image.size:
            raise JobError("image of %d bytes, not %d" % (total, image.size))
        if digest != (image.sha256 or (digest if whole else tail)):
            raise JobError("SHA-256 is wrong")
        if md5 and md5.digest() != image.md5:
            raise JobError("MD5 is wrong")
        if key:
            if image.statement:
                digest = sha256(image.statement.encode()).digest()
            if not borrow("signature").verify(key, digest, image.signature):
                raise JobError("signature is wrong")


def retry(mqtt, delay_ms):
    """Let the client connect in ``delay_ms``."""
    mqtt.due = ticks_add(ticks_ms(), delay_ms)


def connected(thing):
    """Wait for the MQTT connection, which may have been closed for the download."""
    mqtt = thing.mqtt
    begun = ticks_ms()
    if not mqtt.connected:
        retry(mqtt, 0)
    while not mqtt.ready:
        if ticks_diff(ticks_ms(), begun) > _PATIENCE_MS:
            raise JobError("no connection for an hour")
        yield None


def _sleep(duration_ms):
    begun = ticks_ms()
    while ticks_diff(ticks_ms(), begun) < duration_ms:
        yield None


def _md5():
    from hashlib import md5  # some builds have none: Zerynth's documents are then refused

    return md5()
