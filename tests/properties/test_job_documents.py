"""hypothesis over job documents: whatever one says, its job ends with a reason, and the good job behind it runs.

AWS takes any JSON of at most 32,768 bytes for a document: https://docs.aws.amazon.com/general/latest/gr/iot-core.html
"""

import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.harness import ROOT
from tests.harness.runtimes import RUNTIMES, Process

_EXAMPLES = 2000 if float(os.environ.get("FUZZ_SECONDS", "0")) else 200  # `make faults` sets it
_ANSWER_S = 30
_LARGEST = 32768
_HEAP = "4m"  # the stand-in for the cloud is in it; what a small one does is in tests/faults/rows_jobs.py
_PROGRAM = Path(__file__).with_name("programs") / "job_documents.py"

_FILE = {"filesize": 5000, "fileid": 0, "update_data_url": "https://x/y", "sig-sha256-ecdsa": "QUJD"}
_KNOWN = (
    {"operation": "move"},
    {"operation": "fota", "version": "2.0", "kind": "files", "board": "esp32", "size": 5000, "sha256": "ab" * 32,
     "signature": "QUJD", "url": "https://x/y", "stream": "s", "file": 0, "force": True, "counter": 1},
    {"operation": "fota", "bc_idx": 1, "bc_crc": "0f" * 16, "bc_size": 5000, "bc_url": "https://x/y"},
    {"operation": "app_fw_update", "fwversion": "v2.0", "size": 5000,
     "location": {"protocol": "https:", "host": "x", "path": "y", "url": "https://x/y"}},
    {"afr_ota": {"protocols": ["HTTP"], "streamname": "s", "files": [_FILE]}},
    {"version": "1.0", "steps": [{"action": {"name": "move", "type": "runHandler", "input": {}}}]},
)  # fmt: skip


def _members(value):
    """The names and texts of the known documents."""
    if isinstance(value, dict):
        return set(value) | {word for each in value.values() for word in _members(each)}
    if isinstance(value, (list, tuple)):
        return {word for each in value for word in _members(each)}
    return {value} if isinstance(value, str) else set()


_words = st.sampled_from(sorted(_members(_KNOWN))) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_leaves = st.none() | st.booleans() | st.integers(-3, 70000) | st.sampled_from((10**40, -(10**40), 1e308, 0.1)) | _words
_values = st.recursive(
    _leaves, lambda below: st.lists(below, max_size=3) | st.dictionaries(_words, below, max_size=4), max_leaves=12
)


@st.composite
def _changed(draw):
    """A known document, one to three of whose members, at any depth, are taken out, replaced or added."""
    document = json.loads(json.dumps(draw(st.sampled_from(_KNOWN))))
    for _ in range(draw(st.integers(1, 3))):
        place = document
        while isinstance(place, (dict, list)) and place:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], (dict, list)) and draw(st.booleans()):
                place = place[key]
                continue
            if draw(st.booleans()):
                place[key] = draw(_values)
            else:
                del place[key]
            break
        if isinstance(place, dict):
            place.update(draw(st.dictionaries(_words, _values, max_size=2)))
    return document


def _deep(depth, opening, name):
    """A member that is nested so deep."""
    closing = "]" if opening == "[" else "}"
    return f'{{"operation": {json.dumps(name)}, "x": {depth * opening}1{depth * closing}}}'


_documents = st.one_of(
    st.one_of(_values, _changed()).map(json.dumps),
    st.builds(_deep, st.integers(1, 5000), st.sampled_from(("[", '{"a":')), st.none() | _words),
    st.builds(lambda size, word: json.dumps({"operation": word, "x": "x" * size}), st.integers(0, 32000), _words),
).filter(lambda text: len(text.encode()) <= _LARGEST)


class _Device:
    """A device that plays one document after the other; it is started again after one that it did not outlive."""

    def __init__(self, runtime):
        self.runtime, self.process = runtime, None

    def ends(self, document, key):
        if self.process is None or self.process.ended:
            paths = (ROOT / "tests" / "device",)
            self.process = Process(self.runtime, _PROGRAM, heap=_HEAP, extra_paths=paths)
        self.process.send(json.dumps({"document": document, "key": key}))
        try:
            return self.process.expect("end", _ANSWER_S)["ends"]
        except AssertionError:
            self.stop()
            raise

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None


@pytest.fixture(params=RUNTIMES)
def device(request):
    made = _Device(RUNTIMES[request.param])
    yield made
    made.stop()


@pytest.fixture(scope="module")
def public_key():
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*form).decode()


@pytest.mark.timeout(900)
def test_the_good_job_behind_any_document_runs(device, public_key):
    @settings(max_examples=_EXAMPLES, deadline=None, print_blob=True)
    @given(_documents, st.booleans())
    @example('{"operation": ["move"]}', False)
    @example('{"operation": {"move": 1}, "steps": 200}', False)
    @example(_deep(5000, "[", "move"), False)
    @example('{"operation": "move", "x": "%s"}' % ("x" * 32000), True)
    def outlived(document, signed):
        (status, details), good = device.ends(document, public_key if signed else None)
        assert good[0] == "SUCCEEDED", (status, details)
        assert status in ("SUCCEEDED", "FAILED", "REJECTED"), (status, details)
        assert status == "SUCCEEDED" or details["reason"]

    outlived()
