"""Plays AWS IoT MQTT-based file delivery, which MiniStack lacks: GetStream for files in memory, with its faults.

Plays https://docs.aws.amazon.com/iot/latest/developerguide/mqtt-based-file-delivery-in-devices.html: requests on
$aws/things/<thing>/streams/<stream>/get/<cbor|json>, one message per block on .../data/<format>, errors on
.../rejected/<format>, the limits on sizes and numbers, at most 128 KB for one request. The codec is cbor2's, not ours.
"""

import base64
import json
import random
import threading

import cbor2

_REQUEST_BYTES = 131072


class Streams:
    """Answers on the connection of an Observer. `files`: {stream: {file id: bytes}}.

    Faults: `lose`, `repeat` (shares of blocks), `shuffle` (order within a request), `silent` (no answer at all).
    """

    def __init__(self, observer) -> None:
        self._observer = observer
        self.files = {}
        self.requests = []
        self.lose = self.repeat = 0.0
        self.shuffle = self.silent = False
        self._random = random.Random(7)
        self._lock = threading.Lock()
        observer.serve([f"$aws/things/+/streams/+/get/{form}" for form in ("cbor", "json")], self.take)

    def take(self, topic: str, payload: bytes) -> None:
        """A message from the device."""
        _, _, thing, _, stream, _, form = topic.split("/")
        topic = f"$aws/things/{thing}/streams/{stream}"
        request = json.loads(payload) if form == "json" else cbor2.loads(payload)
        with self._lock:
            self.requests.append(request)
        if self.silent:
            return
        content, error = self._check(stream, request)
        if error:
            answer = {"o": error, "m": error, **({"c": request["c"]} if "c" in request else {})}
            self._observer.send(f"{topic}/rejected/{form}", self._encode(form, answer))
            return
        for block in self._blocks(content, request):
            data = content[block * request["l"] : (block + 1) * request["l"]]
            answer = {"f": request["f"], "l": len(data), "i": block}
            answer["p"] = base64.b64encode(data).decode() if form == "json" else data
            self._observer.send(f"{topic}/data/{form}", self._encode(form, answer))

    def all_requests(self) -> list:
        """Those that the broker has taken until now."""
        self._observer.all()
        return self.requests

    @staticmethod
    def _encode(form: str, answer: dict) -> bytes:
        if form == "json":
            return json.dumps(answer).encode()
        # AWS's own encoder writes maps of indefinite length
        return b"\xbf" + b"".join(cbor2.dumps(key) + cbor2.dumps(value) for key, value in answer.items()) + b"\xff"

    def _check(self, stream: str, request: dict) -> tuple:
        """The file, or the error that AWS would give."""
        if stream not in self.files or request.get("f") not in self.files[stream]:
            return None, "ResourceNotFound"
        content = self.files[stream][request["f"]]
        if not 256 <= request["l"] <= 131072:
            return None, "BlockSizeOutOfBounds"
        if request.get("o", 0) * request["l"] >= len(content):
            return None, "OffsetOutOfBounds"
        return content, None

    def _blocks(self, content: bytes, request: dict) -> list:
        """The numbers of the blocks to send."""
        size, offset = request["l"], request.get("o", 0)
        last = -(-len(content) // size)
        count = min(request.get("n", _REQUEST_BYTES // size), _REQUEST_BYTES // size)
        if "b" in request:
            bits = bytes.fromhex(request["b"][2:]) if isinstance(request["b"], str) else request["b"]
            wanted = [offset + bit for bit in range(len(bits) * 8) if bits[bit // 8] >> bit % 8 & 1]
        else:
            wanted = range(offset, offset + count)
        blocks = [block for block in wanted if block < last][:count]
        if self.shuffle:
            self._random.shuffle(blocks)
        sent = []
        for block in blocks:
            if self._random.random() >= self.lose:
                sent.append(block)
            if self._random.random() < self.repeat:
                sent.append(block)
        return sent
