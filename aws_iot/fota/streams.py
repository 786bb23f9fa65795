"""Files over the MQTT connection that is there already: AWS IoT MQTT-based file delivery.

https://docs.aws.amazon.com/iot/latest/developerguide/mqtt-based-file-delivery-in-devices.html
"""

from binascii import a2b_base64

import aws_iot

from .. import loads, ticks_diff, ticks_ms
from ..errors import LinkError, ProtocolError, Rejected, ResponseTimeout, StateError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_TRIES = const(6)
_SMALLEST = const(256)  # AWS's limits on the block size
_LARGEST = const(131072)
_OWN = const(2)  # a handler of the library: see mqtt/subscriptions.py


class StreamSource:
    """File number ``file`` of stream ``name``, ``size_bytes`` long, by windows of as many blocks as ``buffer`` holds.

    ``buffer``: a bytearray; default: four blocks. ``form``: "cbor", or "json" (slower and larger). ``fetch`` may be
    called again after an error. ``retry_ms`` without a new block: those that are missing are asked for again.
    """

    def __init__(self, thing, name, file, size_bytes, *, buffer=None, block_bytes=1024, form="cbor", retry_ms=2000):
        if not _SMALLEST <= block_bytes <= _LARGEST:
            raise ValueError("block_bytes: 256 to 131072")
        buffer = bytearray(4 * block_bytes) if buffer is None else buffer
        if not block_bytes <= len(buffer) <= _LARGEST:
            raise ValueError("buffer: one block or more, and at most 128 KB, which AWS sends for one request")
        self.client = thing.mqtt
        topic = aws_iot.names.stream
        self.prefix, self.topic, self.rejected = [
            topic(thing.thingname, name, verb, form) for verb in ("get", "data", "rejected")
        ]
        self.json = form == "json"
        self.loads = loads if self.json else aws_iot.fota.cbor_decode.loads
        self.file = file
        self.size = size_bytes
        self.step = block_bytes
        self.window = len(buffer) // block_bytes
        self.timeout_ms = retry_ms
        self.buffer = memoryview(buffer)
        self.index = 0
        self.left = []
        self.error = None
        self.repeated = self.asked = 0  # blocks that came again, requests

    def fetch(self, offset):
        """A generator of the file's bytes from ``offset`` on, in order: memoryviews, each valid until it goes on.

        Between them come True ("go on soon") and None ("nothing came yet"). Raises Rejected, ResponseTimeout when no
        block has come after six requests, and ProtocolError for blocks that do not fit.
        """
        self.error = None
        self.client.subscribe(self.topic, 0, self.take, _OWN)
        self.client.subscribe(self.rejected, 0, self.take, _OWN)
        try:
            self.begin(offset // self.step)
            skip = offset % self.step
            while self.index * self.step < self.size:
                yield from self.until()
                start = self.index * self.step
                end = min(self.size, start + self.window * self.step)
                self.begin(self.index + self.window)  # the next blocks travel while these are written
                yield self.buffer[skip : end - start]
                skip = 0
                yield True
        finally:
            for topic in (self.topic, self.rejected):
                try:
                    aws_iot.mqtt.subscriptions.unsubscribe(self.client, topic, _OWN)
                except (LinkError, ResponseTimeout):
                    pass  # it is asked for again by itself

    def begin(self, first):
        """Ask for the window that begins with this block, if the file has it."""
        self.index = first
        last = (self.size + self.step - 1) // self.step
        self.left = list(range(first, min(first + self.window, last)))
        self.due = None
        if self.left:
            self.asking()

    def asking(self):
        """Ask for the blocks that are missing, if there is a connection."""
        self.due = None
        if self.client.ready:
            try:
                request = aws_iot.fota.stream_request.request(self.file, self.step, self.index, self.left, self.json)
                self.client.publish(self.prefix, request)
                self.asked += 1
                self.due = ticks_ms()
            except (LinkError, StateError):
                pass  # asked again once the connection is back, or the topic no longer held back

    def until(self):
        """Until the window is whole."""
        tries = 1
        left = len(self.left)
        while self.left:
            if self.error:
                raise self.error
            if len(self.left) < left:
                left, tries = len(self.left), 1
            if not self.client.ready:
                self.due = None  # what was asked for on the old connection may never come
            elif self.due is None:
                self.asking()
            elif ticks_diff(ticks_ms(), self.due) > self.timeout_ms:
                tries += 1
                if tries > _TRIES:
                    raise ResponseTimeout("no block of the stream")
                self.asking()
            yield None

    def take(self, topic, payload):
        """Called by the packet reader: what is wrong is kept for the generator to raise."""
        try:
            block = self.loads(payload)
            if topic == self.rejected:
                code = block.get("o", block.get("code"))
                self.error = Rejected(code, block.get("m", block.get("message")), block.get("c"))
                return
            data = block["p"]
            if self.json:
                data = a2b_base64(data)
            number = block["i"]
            if block["f"] != self.file:
                return
            if number not in self.left:
                self.repeated += 1
                return
            start = number * self.step
            if len(data) != block["l"] or len(data) != min(self.step, self.size - start):
                raise ValueError("block of %d bytes" % len(data))
            start -= self.index * self.step
            self.buffer[start : start + len(data)] = data
            self.left.remove(number)
            self.due = ticks_ms()
            self.client.suspect = None  # an answer: whatever cuts the link, it is not that the request is denied
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.error = ProtocolError("block of the stream: %r" % error)
