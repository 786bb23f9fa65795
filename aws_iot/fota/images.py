"""What a job document says of the image to install: ours, Zerynth's, Nordic's aws_fota, FreeRTOS's afr_ota (pure).

Ours, made by ``thing iot-fota-start``; "url" or "stream", "signature", "board", "force" and "counter" may be missing:
    {"operation": "fota", "version": "1.2.0", "kind": "files", "board": "esp32", "size": 34567, "sha256": "<hex>",
     "signature": "<base64>", "url": "${aws:iot:s3-presigned-url:https://...}", "stream": "fota-1", "file": 0,
     "force": true, "counter": 3}
The others: https://docs.aws.amazon.com/freertos/latest/userguide/ota-mqtt-freertos.html (afr_ota), nRF Connect SDK's
aws_fota library, Zerynth's aws.fota (operation "fota" with bc_...).
"""

from binascii import a2b_base64, unhexlify

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_COUNTER = const(4294967295)  # the highest, as mcuboot's
_FILES = const(255)  # the highest id of a file in a stream


class Image:
    """What a job document says of the image, None where it says nothing.

    ``size`` in bytes, ``sha256`` and ``md5`` as bytes, ``signature`` over the image, or over any ``statement``;
    ``counter``: the security counter.
    """

    version = board = kind = url = stream = sha256 = md5 = signature = statement = name = size = None
    file = counter = 0
    force = False


def read(document):
    """The Image that a job document is about; ValueError names what is missing or of the wrong type."""
    image = Image()
    try:
        if "operation" not in document:
            _afr(image, document["afr_ota"])
        elif document["operation"] == "app_fw_update":
            image.version = document["fwversion"]
            image.size = document["size"]
            place = document["location"]
            image.url = place.get("url") or "%s//%s/%s" % (place["protocol"], place["host"], place["path"])  # type: ignore[assignment]
            _ours(image, document)
        elif "bc_url" in document:  # Zerynth's
            image.version = document.get("version")
            image.size = document["bc_size"]
            image.url = document["bc_url"]
            image.md5 = unhexlify(document["bc_crc"])  # type: ignore[assignment]
            _ours(image, document)
        else:
            image.version = document["version"]
            image.size = document["size"]
            image.sha256 = document["sha256"]
            _ours(image, document)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError("job document: %r" % error)
    if image.version is not None:
        image.version = str(image.version)  # JSON knows numbers, too
    # what is empty is not what is absent
    for value, good in ((image.version, (1, 1024)), (image.sha256, (32, 32)), (image.md5, (16, 16))):
        if value is not None and not good[0] <= len(value) <= good[1]:
            raise ValueError("job document: version, sha256 or md5 of %d characters or bytes" % len(value))
    if not isinstance(image.size, int) or image.size < 64:
        raise ValueError("job document: size")
    if not image.url and not image.stream:
        raise ValueError("job document: no url and no stream")
    # what tells this image from others, to go on with its download after a power cut
    image.name = "image %s %d %s" % (image.version, image.size, image.sha256 or image.signature or image.md5 or "")
    return image


def _ours(image, document):
    """What our document has, and what may be added to Zerynth's and Nordic's."""
    image.board = document.get("board")
    image.kind = document.get("kind")
    image.url = image.url or document.get("url")
    image.stream = document.get("stream")
    image.file = document.get("file", 0)
    image.force = document.get("force") is True
    image.counter = document.get("counter", 0)
    for name in ("board", "kind", "url", "stream"):
        if not isinstance(document.get(name, ""), (str, type(None))):
            raise ValueError("job document: %s is no text" % name)
    if type(image.counter) is not int or not 0 <= image.counter <= _COUNTER:
        raise ValueError("job document: counter")
    if type(image.file) is not int or not 0 <= image.file <= _FILES:
        raise ValueError("job document: file")
    if "sha256" in document:
        image.sha256 = unhexlify(document["sha256"])
    if "signature" in document:
        image.signature = a2b_base64(document["signature"])
        if image.version is None:
            raise ValueError("job document: a signature, and no version that it is over")
        image.statement = statement(
            str(image.version), image.board, image.size, document["sha256"], image.force, image.counter
        )


def _afr(image, document):
    file = document["files"][0]
    if len(document["files"]) > 1:
        raise ValueError("job document: more than one file")
    image.size = file["filesize"]
    image.file = file["fileid"]
    if "MQTT" in document["protocols"]:
        image.stream = document["streamname"]
    if "HTTP" in document["protocols"]:
        image.url = file["update_data_url"]
    for name in ("sig-sha256-ecdsa", "sig-sha256-rsa"):
        if name in file:
            image.signature = a2b_base64(file[name])


def statement(version, board, size_bytes, sha256, force=False, counter=0):
    """The text that a signature of ours is over: all that decides, so that none of it can be exchanged or added.

    ``sha256`` in hexadecimal. ValueError for a version or a board with a blank, which could be read in two ways.
    """
    if " " in version or board and " " in board:
        raise ValueError("version or board with a blank")
    text = "fota %s %s %d %s" % (version, board or "*", size_bytes, sha256.lower())
    return text + (" force" if force else "") + (" counter %d" % counter if counter else "")
