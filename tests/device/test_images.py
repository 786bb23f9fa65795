"""aws_iot.fota.images: job documents of all makers, and what is newer; the rest is in tests/system/test_fota*.py."""

from samples import raises

from aws_iot.fota.check import check
from aws_iot.fota.images import read, statement
from aws_iot.jobs.job import JobError

_SHA256 = "ab" * 32


def _read(document):
    return read(document)


def _ours(**changes):
    document = {"operation": "fota", "version": "1.2.0", "size": 5000, "sha256": _SHA256, "url": "https://host/x"}
    document.update(changes)
    return {name: document[name] for name in document if document[name] is not None}


def test_our_document_is_read():
    image = _read(_ours(board="esp32", kind="files", signature="QUJD", force=True))
    assert (image.version, image.size, image.board, image.kind) == ("1.2.0", 5000, "esp32", "files")
    assert (image.url, image.stream, image.force) == ("https://host/x", None, True)
    assert (len(image.sha256), image.signature) == (32, b"ABC")
    assert image.statement == statement("1.2.0", "esp32", 5000, _SHA256, True)
    image = _read(_ours(url=None, stream="s", file=3))
    assert (image.stream, image.file, image.force) == ("s", 3, False)


def test_statement_has_all_that_decides():
    assert statement("1.2.0", None, 5000, "AB") == "fota 1.2.0 * 5000 ab"
    assert statement("1.2.0", "esp32", 5000, "ab", True, 7) == "fota 1.2.0 esp32 5000 ab force counter 7"
    assert _read(_ours(signature="QUJD", counter=7)).statement.endswith(" counter 7")
    for version, board in (("1 2", None), ("1", "a b")):  # "fota 1 2 * ..." might be of version 1 for a board "2 *"
        raises(ValueError, statement, version, board, 5000, "ab")


def test_version_may_be_a_number():
    image = _read(_ours(version=2, signature="QUJD"))
    assert image.version == "2"
    assert image.statement == statement("2", None, 5000, _SHA256)
    assert _checked(_ours(version=2), "2") is None


def test_zerynth_s_document_is_read():
    image = _read({"operation": "fota", "bc_idx": 1, "bc_crc": "0f" * 16, "bc_size": 5000, "bc_url": "https://host/x"})
    assert (image.size, image.url, image.md5, image.version) == (5000, "https://host/x", b"\x0f" * 16, None)


def test_nordic_s_document_is_read():
    location = {"protocol": "https:", "host": "bucket.s3.eu-west-1.amazonaws.com", "path": "app_update.bin"}
    document = {"operation": "app_fw_update", "fwversion": "v1.0.2", "size": 181124, "location": location}
    image = _read(document)
    assert (image.version, image.size) == ("v1.0.2", 181124)
    assert image.url == "https://bucket.s3.eu-west-1.amazonaws.com/app_update.bin"
    document["location"] = {"url": "https://host/y"}
    assert _read(document).url == "https://host/y"


def test_freertos_s_document_is_read():
    file = {"filepath": "/firmware.bin", "filesize": 181124, "fileid": 2, "certfile": "/c", "sig-sha256-ecdsa": "QUJD"}
    image = _read({"afr_ota": {"protocols": ["MQTT"], "streamname": "AFR_OTA-1", "files": [file]}})
    assert (image.size, image.file, image.stream, image.signature) == (181124, 2, "AFR_OTA-1", b"ABC")
    assert image.statement is None  # the signature is over the image
    file["update_data_url"] = "https://host/x"
    image = _read({"afr_ota": {"protocols": ["HTTP"], "files": [file]}})
    assert (image.url, image.stream) == ("https://host/x", None)


def test_what_is_missing_or_wrong_is_a_value_error():
    for document in (
        {}, {"operation": "fota"}, _ours(version=None), _ours(size=None), _ours(size="5000"), _ours(size=1),
        _ours(sha256=None), _ours(sha256="xyz"), _ours(url=None), {"afr_ota": {}},
        {"afr_ota": {"protocols": ["MQTT"], "streamname": "s", "files": []}},
        {"operation": "app_fw_update", "fwversion": "1", "size": 5000, "location": {}},
        {"operation": "fota", "bc_url": "https://host/x"}, [], None, _ours(board=1), _ours(url=["x"]), _ours(stream={}),
        _ours(counter=-1), _ours(counter="1"), _ours(counter=True), _ours(counter=1 << 32), _ours(counter=0.5),
        {"operation": "fota", "afr_ota": {}},
        _ours(sha256=""), _ours(sha256="ab"), _ours(version=""), _ours(file=-1), _ours(file="1"), _ours(file=256),
        {"operation": "fota", "bc_crc": "", "bc_size": 5000, "bc_url": "https://x/y"},
        {"operation": "fota", "bc_crc": "0f" * 16, "bc_size": 5000, "bc_url": "https://x/y", "sha256": _SHA256,
         "signature": "QUJD"},
        {"afr_ota": {"protocols": ["HTTP"], "files": [
            {"filesize": 5000, "fileid": 0, "update_data_url": "https://host/x"}, {"filesize": 5000, "fileid": 1}]}},
    ):  # fmt: skip
        raises(ValueError, _read, document)


class _Slot:
    kind, board, version = "files", "esp32", "1.2.0"
    record = {}  # noqa: RUF012


def _checked(document, version, board="esp32", force=False, public_key=None):
    """None, or why an image may not go into the slot."""
    try:
        check(_read(document), _Slot, {"public_key": public_key, "force": force}, version, board)
    except JobError as error:
        return str(error)
    return None


def test_image_for_this_board_and_newer_is_taken():
    assert _checked(_ours(version="1.3", kind="files", signature="QUJD"), "1.3", public_key="key") is None
    assert _checked(_ours(version="1.3"), "1.3") is None
    assert _checked(_ours(version="1.3"), None, None) is None  # the image itself says nothing


def test_image_for_another_board_or_of_another_kind_is_refused():
    assert _checked(_ours(kind="esp32"), "1.3") == "image of kind esp32, this board takes files"
    assert _checked(_ours(version="1.3"), "1.3", "esp8266") == "image for board esp8266, this is esp32"


def test_image_must_be_signed_where_a_key_is_given():
    assert _checked(_ours(version="1.3"), "1.3", public_key="key") == "image is not signed"


def test_documents_of_others_are_refused_where_a_key_is_given():
    zerynth = {"operation": "fota", "bc_idx": 1, "bc_crc": "0f" * 16, "bc_size": 5000, "bc_url": "https://host/x"}
    nordic = {"operation": "app_fw_update", "fwversion": "9", "size": 5000, "location": {"url": "https://host/y"}}
    for document in (zerynth, nordic):
        assert _checked(document, None, public_key="key") == "image is not signed"


def test_security_counter_may_not_go_back():
    signed = {"version": "1.3", "signature": "QUJD"}
    _Slot.record = {"counter": 3}
    try:
        assert _checked(_ours(counter=3, **signed), "1.3", public_key="key") is None
        for document in (_ours(counter=2, **signed), _ours(counter=2, force=True, **signed)):
            assert _checked(document, "1.3", public_key="key") == "security counter 2 is lower than 3"
        assert _checked(_ours(**signed), "1.3", public_key="key", force=True) == "security counter 0 is lower than 3"
        assert _checked(_ours(version="1.3"), "1.3") is None  # nothing that is not signed counts
    finally:
        _Slot.record = {}


def test_version_without_a_place_in_the_order_is_refused():
    for force in (False, True):
        assert "neither before nor after" in _checked(_ours(version="1.3k"), "1.3k", force=force)


def test_image_of_another_version_than_the_job_s_is_refused():
    assert _checked(_ours(version="1.4"), "1.3") == "image of version 1.3, not 1.4"


def test_older_image_is_taken_by_force_only():
    assert _checked(_ours(version="1.2.0"), "1.2.0") == "version 1.2.0 is not newer than 1.2.0"
    assert _checked(_ours(version="1.1"), "1.1") == "version 1.1 is not newer than 1.2.0"
    assert _checked(_ours(version="1.1"), "1.1", force=True) is None
    assert _checked(_ours(version="1.1", force=True), "1.1") is None
