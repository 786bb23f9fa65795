"""How an image comes into a slot, from a stream or a URL, through cuts and expired URLs.

Loaded when an update begins. Everything that waits is a generator, advanced from thing.poll().
"""

import gc

import aws_iot

from .. import ticks_add, ticks_diff, ticks_ms
from ..errors import LinkError, Rejected, ResponseTimeout
from ..jobs.job import JobError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_TRIES = const(8)  # connections in a row that brought no byte
_RENEWALS = const(3)  # fresh URLs in a row that were refused
_BACKOFF_MS = const(1000)  # doubled up to 32 s
_PATIENCE_MS = const(3600000)  # without the connection, without a byte, or with so few:
_LEAST_BYTES = const(36000)  # ten a second
_REPORT_PERCENT = const(10)
_AWAY_MS = const(60000)


class Download:
    """Fetches ``image`` (images.Image), which ``job`` asks for, into ``slot``. ``options``: force, public_key (keys
    that were read), pause_mqtt, https, stream.

    ``buffer`` (bytearray) is the source's; ``emit(event, value)`` is told the progress in percent. Raises JobError with
    the reason to report.
    """

    def __init__(self, thing, slot, job, image, options, buffer, emit):
        self.thing = thing
        self.slot = slot
        self.job = job
        self.options = options
        self.buffer = buffer
        self.emit = emit
        self.image = image
        self.claimed = False
        self.source = self._source()

    def _source(self):
        """The stream, which needs no second TLS session, or the URL."""
        image, options = self.image, self.options
        gc.collect()  # what stays for the whole download had better not lie among what goes
        if image.stream:
            source = aws_iot.fota.streams.StreamSource
            return source(self.thing, image.stream, image.file, image.size, buffer=self.buffer, **options["stream"])
        # what is signed may come over plain HTTP
        chosen = {
            "plain": bool(options["public_key"]), "buffer": self.buffer, "ssl": self.thing.mqtt.context,
        }  # fmt: skip
        chosen.update(options["https"])
        return aws_iot.web.https.HttpsSource(image.url, image.size, **chosen)

    def fetch(self, have):
        """Bring the bytes from number ``have`` on into the slot."""
        self.have = have
        self.shown = self.reported = have * 100 // self.image.size
        self._begun = (have, ticks_ms())
        try:
            yield from self._attempts()
        finally:
            self.source = None
            if not self.thing.mqtt.connected:
                self.thing.mqtt.due = ticks_ms()

    def _attempts(self):
        fails = refused = 0
        most = self.have
        torn = False
        while self.have < self.image.size:
            try:
                if torn:
                    self.have = self.slot.begin(self.image.name, self.image.size)
                    self.claimed = torn = False
                before = self.have
                yield from self.attempt()
                if self.have == before:
                    raise LinkError("an answer without a byte")
            except (LinkError, Rejected, ResponseTimeout, MemoryError) as error:
                if self.have > most:
                    most = self.have
                    fails = refused = 0
                # S3, or the streams of AWS IoT, is busy: to be tried again
                busy = (408, 429, 500, 502, 503, 504, "InternalError")
                if isinstance(error, Rejected) and error.code not in busy:
                    refused += 1
                    # S3 answers 400 or 403 to a presigned URL that is too old
                    if self.image.stream or error.code not in (400, 403) or refused > _RENEWALS:
                        raise
                    old, self.source.url = self.source.url, (yield from aws_iot.fota.verify.renew(self))
                    if old == self.source.url:  # it is not made anew for each that asks
                        raise
                else:
                    # what the slot took of the last piece is not known then: it goes on as after a power cut
                    torn = torn or isinstance(error, MemoryError)
                    fails += 1
                    if fails == _TRIES:
                        raise
                    yield from aws_iot.fota.verify.sleep(_BACKOFF_MS << min(fails - 1, 5))

    def attempt(self):
        away = not self.image.stream and self._leave()
        parts = self.source.fetch(self.have)
        try:
            for data in parts:
                if ticks_diff(ticks_ms(), self._begun[1]) > _PATIENCE_MS:
                    if self.have - self._begun[0] < _LEAST_BYTES:
                        raise JobError("download: %d bytes came in an hour" % (self.have - self._begun[0]))
                    self._begun = (self.have, ticks_ms())
                if data is None or data is True:
                    if away:
                        self.thing.mqtt.due = ticks_add(ticks_ms(), _AWAY_MS)
                    yield data
                else:
                    yield from self.take(data)
        finally:
            parts.close()

    def take(self, data):
        self.slot.write(data)
        self.have += len(data)
        claims = self.slot.claims
        if claims and not self.claimed:
            self.claimed = True
            aws_iot.fota.check.check(self.image, self.slot, self.options, claims.get("version"), claims.get("board"))
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
            away = not aws_iot.web.https.room()
        if away:
            mqtt = self.thing.mqtt
            mqtt.disconnect()
            aws_iot.mqtt.state.wait(mqtt, ticks_add(ticks_ms(), _AWAY_MS))
        return away
