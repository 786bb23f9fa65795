"""Files over the MQTT connection that is there already: AWS IoT MQTT-based file delivery.

https://docs.aws.amazon.com/iot/latest/developerguide/mqtt-based-file-delivery-in-devices.html
"""

from binascii import a2b_base64, hexlify

from . import borrow
from .errors import LinkError, ProtocolError, Rejected, ResponseTimeout, StateError
from .transport import loads, ticks_diff, ticks_ms

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_RETRY_MS = const(5000)  # without a new block: ask again for those that are missing
_TRIES = const(6)
_SMALLEST = const(256)  # AWS's limits on the block size
_LARGEST = const(131072)


def bitmap(blocks, first):
    """The bitmap that asks for ``blocks`` (numbers): bit i of byte i // 8, least significant first, is first + i."""
    bits = bytearray((max(blocks) - first) // 8 + 1)
    for block in blocks:
        bits[(block - first) // 8] |= 1 << (block - first) % 8
    return bytes(bits)


class StreamSource:
    """File number ``file`` of stream ``name``, ``size_bytes`` long, by windows of ``window`` blocks.

    Takes ``window`` * ``block_bytes`` of memory, and one message. ``form``: "cbor", or "json" (slower and larger).
    ``fetch`` may be called again after an error.
    """

    def __init__(self, thing, name, file, size_bytes, *, block_bytes=2048, window=4, form="cbor", retry_ms=_RETRY_MS):
        if not _SMALLEST <= block_bytes <= _LARGEST:
            raise ValueError("block_bytes: 256 to 131072")
        if not 0 < window * block_bytes <= _LARGEST:
            raise ValueError("window: at most 128 KB, which AWS sends for one request")
        self._mqtt = thing.mqtt
        topic = borrow("topics").stream
        self._get, self._data, self._refused = [
            topic(thing.thingname, name, verb, form) for verb in ("get", "data", "rejected")
        ]
        if form == "json":
            self._dumps, self._loads = None, loads
        else:
            cbor = borrow("cbor")
            self._dumps, self._loads = cbor.dumps, cbor.loads
        self._file = file
        self._size = size_bytes
        self._block = block_bytes
        self._window = window
        self._retry_ms = retry_ms
        self._buffer = memoryview(bytearray(window * block_bytes))
        self._first = 0
        self._missing = []
        self._error = None
        self.repeated = self.asked = 0  # blocks that came again, requests

    def fetch(self, offset):
        """A generator of the file's bytes from ``offset`` on, in order: memoryviews, each valid until it goes on.

        Between them come True ("go on soon") and None ("nothing came yet"). Raises Rejected, ResponseTimeout when no
        block has come after six requests, and ProtocolError for blocks that do not fit.
        """
        self._error = None
        self._mqtt.subscribe(self._data, 0, self._on_data, raw=True)
        self._mqtt.subscribe(self._refused, 0, self._on_rejected, raw=True)
        try:
            self._begin(offset // self._block)
            skip = offset % self._block
            while self._first * self._block < self._size:
                yield from self._await()
                start = self._first * self._block
                end = min(self._size, start + self._window * self._block)
                self._begin(self._first + self._window)  # the next blocks travel while these are written
                yield self._buffer[skip : end - start]
                skip = 0
                yield True
        finally:
            for topic in (self._data, self._refused):
                try:
                    self._mqtt.unsubscribe(topic)
                except (LinkError, ResponseTimeout):
                    pass  # it is asked for again by itself

    def _begin(self, first):
        """Ask for the window that begins with this block, if the file has it."""
        self._first = first
        last = (self._size + self._block - 1) // self._block
        self._missing = list(range(first, min(first + self._window, last)))
        self._asked = None
        if self._missing:
            self._ask()

    def _ask(self):
        if not self._mqtt.ready:
            self._asked = None
            return
        request = {"f": self._file, "l": self._block, "o": self._first, "n": len(self._missing)}
        bits = bitmap(self._missing, self._first)
        if self._dumps:
            request["b"] = bits
            request = self._dumps(request)
        else:
            request["b"] = "0x" + str(hexlify(bits), "ascii")
        try:
            self._mqtt.publish(self._get, request)
            self.asked += 1
            self._asked = ticks_ms()
        except (LinkError, StateError):
            pass  # asked again once the connection is back, or the topic no longer held back

    def _await(self):
        """Until the window is whole."""
        tries = 1
        left = len(self._missing)
        while self._missing:
            if self._error:
                raise self._error
            if len(self._missing) < left:
                left, tries = len(self._missing), 1
            if not self._mqtt.ready:
                self._asked = None  # what was asked for on the old connection may never come
            elif self._asked is None:
                self._ask()
            elif ticks_diff(ticks_ms(), self._asked) > self._retry_ms:
                tries += 1
                if tries > _TRIES:
                    raise ResponseTimeout("no block of the stream")
                self._ask()
            yield None

    def _on_data(self, _, payload):
        """Called by the packet reader: what is wrong is kept for the generator to raise."""
        try:
            block = self._loads(payload)
            data = block["p"]
            if not self._dumps:
                data = a2b_base64(data)
            number = block["i"]
            if block["f"] != self._file:
                return
            if number not in self._missing:
                self.repeated += 1
                return
            start = number * self._block
            if len(data) != block["l"] or len(data) != min(self._block, self._size - start):
                raise ValueError("block of %d bytes" % len(data))
            start -= self._first * self._block
            self._buffer[start : start + len(data)] = data
            self._missing.remove(number)
            self._asked = ticks_ms()
            self._mqtt.suspect = None  # an answer: whatever cuts the link, it is not that the request is denied
        except (ValueError, KeyError, TypeError) as error:
            self._error = ProtocolError("stream: %r" % error)

    def _on_rejected(self, _, payload):
        try:
            answer = self._loads(payload)
            code = answer.get("o", answer.get("code"))
            self._error = Rejected(code, answer.get("m", answer.get("message")), answer.get("c"))
        except (ValueError, AttributeError) as error:
            self._error = ProtocolError("stream: %r" % error)
