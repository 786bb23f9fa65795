"""What a job document says of the image to install: ours, Zerynth's, Nordic's aws_fota, FreeRTOS's afr_ota (pure).

Ours, made by ``thing iot-fota-start``; "url" or "stream", "signature", "board" and "force" may be missing:
    {"operation": "fota", "version": "1.2.0", "kind": "files", "board": "esp32", "size": 34567, "sha256": "<hex>",
     "signature": "<base64>", "url": "${aws:iot:s3-presigned-url:https://...}", "stream": "fota-1", "file": 0,
     "force": true}
The others: https://docs.aws.amazon.com/freertos/latest/userguide/ota-mqtt-freertos.html (afr_ota), nRF Connect SDK's
aws_fota library, Zerynth's aws.fota (operation "fota" with bc_...).
"""

from binascii import a2b_base64, unhexlify


class Image:
    """The fields of a document, None for those it has not.

    ``size`` in bytes, ``sha256`` and ``md5`` as bytes, ``signature`` over the image, or over any ``statement``.
    """

    def __init__(self, document):
        """Raises ValueError naming what is missing or of the wrong type."""
        self.version = self.board = self.kind = self.url = self.stream = self.sha256 = self.md5 = None
        self.signature = self.statement = None
        self.file = 0
        self.force = False
        try:
            if "afr_ota" in document:
                self._afr(document["afr_ota"])
            elif document["operation"] == "app_fw_update":
                self._nordic(document)
            elif "bc_url" in document:
                self._zerynth(document)
            else:
                self._own(document)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise ValueError("job document: %r" % error)
        if not isinstance(self.size, int) or self.size < 64:
            raise ValueError("job document: size")
        if not self.url and not self.stream:
            raise ValueError("job document: no url and no stream")

    def _own(self, document):
        self.version = document["version"]
        self.size = document["size"]
        self.sha256 = document["sha256"]
        self._common(document)

    def _common(self, document):
        """What our document has, and what may be added to Zerynth's and Nordic's."""
        self.board = document.get("board")
        self.kind = document.get("kind")
        self.url = self.url or document.get("url")
        self.stream = document.get("stream")
        self.file = document.get("file", 0)
        self.force = document.get("force") is True
        if "sha256" in document:
            self.sha256 = unhexlify(document["sha256"])
        if "signature" in document:
            self.signature = a2b_base64(document["signature"])
            # signed with the version, so that no old image can be passed off as a new one
            self.statement = statement(self.version, self.board, self.size, document["sha256"])

    def _zerynth(self, document):
        self.size = document["bc_size"]
        self.url = document["bc_url"]
        self.md5 = unhexlify(document["bc_crc"])
        self.version = document.get("version")
        self._common(document)

    def _nordic(self, document):
        self.version = document["fwversion"]
        self.size = document["size"]
        place = document["location"]
        self.url = place.get("url") or "%s//%s/%s" % (place["protocol"], place["host"], place["path"])
        self._common(document)

    def _afr(self, document):
        file = document["files"][0]
        if len(document["files"]) > 1:
            raise ValueError("job document: more than one file")
        self.size = file["filesize"]
        self.file = file["fileid"]
        if "MQTT" in document["protocols"]:
            self.stream = document["streamname"]
        if "HTTP" in document["protocols"]:
            self.url = file["update_data_url"]
        for name in ("sig-sha256-ecdsa", "sig-sha256-rsa"):
            if name in file:
                self.signature = a2b_base64(file[name])

    @property
    def name(self):
        """What tells this image from others, to go on with its download after a power cut."""
        if self.sha256:
            return str(self.sha256)
        return "%s %d %s" % (self.version, self.size, self.signature or self.md5 or "")


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
