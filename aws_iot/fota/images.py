"""What a job document says of the image to install: ours, Zerynth's, Nordic's aws_fota, FreeRTOS's afr_ota (pure).

Ours, made by ``thing iot-fota-start``; "url" or "stream", "signature", "board" and "force" may be missing:
    {"operation": "fota", "version": "1.2.0", "kind": "files", "board": "esp32", "size": 34567, "sha256": "<hex>",
     "signature": "<base64>", "url": "${aws:iot:s3-presigned-url:https://...}", "stream": "fota-1", "file": 0,
     "force": true}
The others: https://docs.aws.amazon.com/freertos/latest/userguide/ota-mqtt-freertos.html (afr_ota), nRF Connect SDK's
aws_fota library, Zerynth's aws.fota (operation "fota" with bc_...).
"""

from binascii import a2b_base64, unhexlify

from ..jobs.job import JobError


def read(document, image):
    """Fill ``image`` (download.Image); ValueError names what is missing or of the wrong type."""
    try:
        if "afr_ota" in document:
            _afr(image, document["afr_ota"])
        elif document["operation"] == "app_fw_update":
            image.version = document["fwversion"]
            image.size = document["size"]
            place = document["location"]
            image.url = place.get("url") or "%s//%s/%s" % (place["protocol"], place["host"], place["path"])
            _ours(image, document)
        elif "bc_url" in document:  # Zerynth's
            image.version = document.get("version")
            image.size = document["bc_size"]
            image.url = document["bc_url"]
            image.md5 = unhexlify(document["bc_crc"])
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
    if not isinstance(image.size, int) or image.size < 64:
        raise ValueError("job document: size")
    if not image.url and not image.stream:
        raise ValueError("job document: no url and no stream")
    # what tells this image from others, to go on with its download after a power cut
    image.name = "%s %d %s" % (image.version, image.size, image.sha256 or image.signature or image.md5 or "")


def _ours(image, document):
    """What our document has, and what may be added to Zerynth's and Nordic's."""
    image.board = document.get("board")
    image.kind = document.get("kind")
    image.url = image.url or document.get("url")
    image.stream = document.get("stream")
    image.file = document.get("file", 0)
    image.force = document.get("force") is True
    if "sha256" in document:
        image.sha256 = unhexlify(document["sha256"])
    if "signature" in document:
        image.signature = a2b_base64(document["signature"])
        # signed with the version, so that no old image can be passed off as a new one
        image.statement = statement(image.version, image.board, image.size, document["sha256"])


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


def check(image, slot, options, version, board):
    """JobError unless an image of this version for this board may go into ``slot``."""
    if image.kind and image.kind != slot.kind:
        raise JobError("image of kind %s, this board takes %s" % (image.kind, slot.kind))
    if options["public_key"] and not image.signature:
        raise JobError("image is not signed")
    if board and board != slot.board:
        raise JobError("image for board %s, this is %s" % (board, slot.board))
    if image.version and version and version != image.version:
        raise JobError("image of version %s, not %s" % (version, image.version))
    if version and not (options["force"] or image.force or newer(version, slot.version)):
        raise JobError("version %s is not newer than %s" % (version, slot.version))


def statement(version, board, size_bytes, sha256):
    """The text that a signature of ours is over: SHA-256 in hexadecimal, and what must not be exchanged around it."""
    return "fota %s %s %d %s" % (version, board or "*", size_bytes, sha256.lower())


def newer(version, old):
    """True if ``version`` is higher than ``old``: 1.10 > 1.9, v1.2 > 1.1, 1.0 > 1.0-rc2, 1.0-rc2 > 1.0-rc1."""
    return _order(version) > _order(old)


def _order(version):
    main, _, extra = str(version).lstrip("vV").partition("+")[0].partition("-")
    numbers = [int(part) if part.isdigit() else 0 for part in main.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers, not extra, [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in extra.split(".")]
