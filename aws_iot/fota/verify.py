"""What comes once in a download, at its end or in trouble: verification, a fresh URL, the connection. Lent."""

from hashlib import sha256

import aws_iot

from .. import ticks_diff, ticks_ms
from ..errors import LinkError, ResponseTimeout, StateError
from ..jobs.job import JobError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_PAUSE_MS = const(1000)
_PATIENCE_MS = const(3600000)
_DIGEST_BYTES = const(32)
_REQUESTS = const(60)  # requests for a fresh URL that got no answer, or one that found no room
_APP_AT = const(32)
_VERSION_AT = const(48)
_APP_END = const(80)


def verify(download):
    """Read the image back from the slot, and check its size, SHA-256 and signature."""
    image, key = download.image, download.options["public_key"]
    # a signature over the image itself needs the digest of all of it; an image that comes with neither that nor a
    # digest carries its own at the end
    whole = image.sha256 or (key and not image.statement)
    digest, tail, total, head = sha256(), b"", 0, b""
    end = image.size if whole else image.size - _DIGEST_BYTES
    md5 = None
    if image.md5:
        import hashlib

        md5 = hashlib.md5()  # some builds have none: Zerynth's documents are then refused
    for part in download.slot.parts(download.buffer):
        head = head or bytes(part[:_APP_END])
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
    if key and not image.statement:
        yield from aws_iot.fota.check.signature(key, image, digest)
        slot = download.slot
        claims = slot.claims
        image.version = claims.get("version")
        # ESP-IDF's esp_app_desc_t, the first thing in an ESP32 image's first segment: its magic word, and its version
        if not image.version and head[_APP_AT : _APP_AT + 4] == b"\x32\x54\xcd\xab":
            image.version = str(head[_VERSION_AT:].split(b"\0")[0], "utf-8")
        if not image.version:
            raise JobError("image does not tell its version")
        aws_iot.fota.check.check(image, slot, download.options, image.version, claims.get("board"))


def renew(download):
    """A fresh presigned URL: they are made whenever the document is asked for."""
    job = download.job
    for _ in range(_REQUESTS):
        yield from connected(download.thing)
        try:
            if (yield from job.steps("describe")) and not job.error:
                break
            if not isinstance(job.error, StateError):
                raise JobError("job cannot be described: %s" % job.error)
        except (LinkError, ResponseTimeout):
            pass
        yield from sleep(_PAUSE_MS)
    else:
        raise JobError("job cannot be described: no answer, or no room for it")
    fresh = aws_iot.fota.images.read(job.document)
    job.document = None
    if fresh.name != download.image.name:
        raise JobError("the job's image has changed")
    return fresh.url


def connected(thing):
    """Wait for the MQTT connection, which may have been closed for the download."""
    mqtt = thing.mqtt
    begun = ticks_ms()
    if not mqtt.connected:
        mqtt.due = ticks_ms()
    while not mqtt.ready:
        if ticks_diff(ticks_ms(), begun) > _PATIENCE_MS:
            raise JobError("no connection for an hour")
        yield None


def sleep(wait_ms):
    """Wait so long."""
    begun = ticks_ms()
    while ticks_diff(ticks_ms(), begun) < wait_ms:
        yield None
