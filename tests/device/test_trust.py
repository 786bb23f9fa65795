"""aws_iot.fota: what a signature covers, when it is checked, which keys do, and what an older image may not do."""

import hashlib
from binascii import hexlify

from job_queue import Queue
from peer import Peer
from samples import bundle, folder, image, public_key, sign, write

import aws_iot.fota.download
from aws_iot.fota import Fota
from aws_iot.fota.images import statement
from aws_iot.fota.slots import FileSlot
from aws_iot.jobs import Jobs


class _Source:
    """Stands in for the server of the file: all of it at once. ``asked``: how often."""

    asked = 0
    data = b""

    def fetch(self, offset):
        _Source.asked += 1
        yield memoryview(_Source.data)[offset:]


def _document(data, version="2.0", sign_as=None, secret=1, **more):
    """Our job document for ``data``; ``sign_as``: what of it the signature is over, where that differs."""
    document = {
        "operation": "fota", "version": version, "size": len(data), "url": "https://x/y",
        "sha256": str(hexlify(hashlib.sha256(data).digest()), "ascii"),
    }  # fmt: skip
    document.update(more)
    said = {"force": more.get("force", False), "counter": more.get("counter", 0)}
    said.update(sign_as or {})
    text = statement(version, more.get("board"), len(data), document["sha256"], said["force"], said["counter"])
    document["signature"] = sign(text.encode(), secret)
    return document


def _freertos(data, secret=1):
    """The document of create-ota-update for ``data``, whose signature is over the image."""
    file = {"filesize": len(data), "fileid": 0, "update_data_url": "https://x/y"}
    file["sig-sha256-ecdsa"] = sign(data, secret)
    return {"afr_ota": {"protocols": ["HTTP"], "files": [file]}}


def _run(document, data, slot, key=None):
    """What became of the job, or None while its image waits for the reset; how often the file was asked for."""
    aws_iot.fota.download.Download._source = lambda self: _Source()
    _Source.asked, _Source.data = 0, data
    with Peer() as peer:
        client = peer.client()
        client.thingname, client.mqtt = "me", client  # a thing as far as Jobs looks
        queue = Queue(peer, document)
        Fota(client, slot, Jobs(client), public_key=public_key() if key is None else key, auto_reset=False)
        client.connect()
        client.until(lambda: queue.over() or "next" in slot.record, 60000)
        status, details = queue.ends()[0]
        return (details["reason"] if status == "FAILED" else None), _Source.asked


def _slot(version="1.0"):
    return FileSlot(version, folder("trust"), "esp32")


_DATA = bundle("2.0", {"app.py": b"VERSION = '2.0'\n"}, "esp32")
_OLD = bundle("0.9", {"app.py": b"VERSION = '0.9'\n"}, "esp32")


def test_signed_image_goes_on_trial():
    slot = _slot()
    assert _run(_document(_DATA), _DATA, slot) == (None, 1) and slot.record["next"] == "a"


def test_signature_is_checked_before_anything_is_fetched_or_written():
    for document in (
        _document(_DATA, secret=-1), _document(_DATA, sign_as={"force": True}),
        _document(_DATA, sign_as={"counter": 1}),
        _document(_DATA, counter=2, sign_as={"counter": 1}), _document(_DATA, counter=2, sign_as={"counter": 0}),
    ):  # fmt: skip
        slot = _slot()
        written = []
        slot.begin = lambda *given, written=written: written.append(given)
        assert _run(document, _DATA, slot) == ("signature is wrong", 0) and not written


def test_force_counts_only_where_it_was_signed():
    document = _document(_OLD, "0.9")
    assert _run(document, _OLD, _slot()) == ("version 0.9 is not newer than 1.0", 0)
    document["force"] = True  # by somebody who may create jobs and has no key
    assert _run(document, _OLD, _slot()) == ("signature is wrong", 0)
    assert _run(_document(_OLD, "0.9", force=True), _OLD, _slot()) == (None, 1)


def test_any_of_several_keys_will_do():
    both = [public_key(-1), public_key()]
    for secret in (1, -1):
        assert _run(_document(_DATA, secret=secret), _DATA, _slot(), both) == (None, 1)
        assert _run(_document(_DATA, secret=secret), _DATA, _slot(), [public_key(-secret)])[0] == "signature is wrong"


def test_counter_that_was_confirmed_is_the_least_from_then_on():
    root = _slot().root
    slot = FileSlot("1.0", root, "esp32")
    assert _run(_document(_DATA, counter=3), _DATA, slot) == (None, 1)
    assert slot.record["job"]["counter"] == 3 and "counter" not in slot.record  # not before it is confirmed
    slot.save(tries=1)
    slot = FileSlot("2.0", root, "esp32")
    with Peer() as peer:
        client = peer.client()
        client.thingname, client.mqtt = "me", client
        Fota(client, slot, False).confirm()
    assert slot.record["counter"] == 3 and not slot.trial
    later = bundle("3.0", {"app.py": b""}, "esp32")
    for counter, force in ((0, False), (2, False), (2, True)):
        document = _document(later, "3.0", counter=counter, force=force)
        found, _ = _run(document, later, FileSlot("2.0", root, "esp32"))
        assert found == "security counter %d is lower than 3" % counter
    assert _run(_document(later, "3.0", counter=3), later, FileSlot("2.0", root, "esp32")) == (None, 1)


def test_image_that_is_signed_itself_tells_its_version():
    assert _run(_freertos(_DATA), _DATA, _slot()) == (None, 1)
    assert _run(_freertos(_DATA, -1), _DATA, _slot())[0] == "signature is wrong"
    slot = _slot()
    document = _freertos(_OLD)
    document["force"] = document["afr_ota"]["force"] = True  # nobody signed that
    assert _run(document, _OLD, slot)[0] == "version 0.9 is not newer than 1.0" and "next" not in slot.record
    mute = _DATA.replace(b"version 2.0\n", b"variant 2.0\n")
    mute = mute[:-32] + hashlib.sha256(mute[:-32]).digest()
    assert _run(_freertos(mute), mute, _slot())[0] == "image does not tell its version"


def _esp32_image(version):
    """An ESP32 image that says which version it is, as ESP-IDF's esp_app_desc_t does."""
    data = image(4096)
    data[32:36] = b"\x32\x54\xcd\xab"
    data[48:80] = version.encode() + bytes(32 - len(version))
    data[-32:] = hashlib.sha256(memoryview(data)[:-32]).digest()
    return bytes(data)


def test_esp32_image_that_is_signed_itself_tells_its_version():
    class Whole(FileSlot):
        """Takes any image, and keeps it in memory, where a partition is."""

        kind = "image"

        def begin(self, name, size):
            self.data = b""
            return 0

        def write(self, data):
            self.data += bytes(data)

        def parts(self, buffer):
            yield memoryview(self.data)[:1000]
            yield memoryview(self.data)[1000:]

    for version, reason in (
        ("v2.0-3-g1a2b3c4", None), ("0.9", "version 0.9 is not newer than 1.0"),
        ("", "image does not tell its version"),
        ("nightly", "version nightly is neither before nor after"),
    ):  # fmt: skip
        data = _esp32_image(version)
        found, _ = _run(_freertos(data), data, Whole("1.0", folder("whole"), "esp32"))
        assert found == reason or reason and found.startswith(reason), (version, found)


def _trial(root, named, runs):
    """The slot of a board on which the version ``runs`` is started for the trial of the one that the job named."""
    slot = FileSlot("1.0", root)
    data = bundle(named or "2.0", {"app.py": b""})
    slot.begin("image", len(data))
    write(slot, data)
    slot.activate(job={"id": "1", "version": named, "from": "1.0", "force": False})
    slot.save(tries=1)
    return FileSlot(runs, root)


def test_only_the_version_that_the_job_named_may_stay():
    for named, runs, why in (
        ("2.0", "v2", None), ("2.0", None, None), (None, "1.1", None), ("2.0", "1.0", "version 1.0 runs, not 2.0"),
        ("2.0", "3.0", "version 3.0 runs, not 2.0"), (None, "1.0", "version 1.0 is not newer than 1.0"),
    ):  # fmt: skip
        resets = []
        slot = _trial(folder("named"), named, runs)
        slot.reset = lambda resets=resets: resets.append(1)
        with Peer() as peer:
            client = peer.client()
            client.thingname, client.mqtt = "me", client
            fota = Fota(client, slot, False)
            fota.confirm()
            assert slot.trial is (why is not None), (named, runs)
            fota.watch()
        assert slot.record.get("undone") == why and resets == ([1] if why else [])


def test_version_of_the_program_must_have_a_place_in_the_order():
    with Peer() as peer:
        client = peer.client()
        client.thingname, client.mqtt = "me", client
        try:
            Fota(client, FileSlot("nightly", folder("odd")), False)
        except ValueError as error:
            assert "nightly" in str(error)
        else:
            raise AssertionError
