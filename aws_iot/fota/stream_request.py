"""What a GetStream request holds (pure). Lent by StreamSource for each.

https://docs.aws.amazon.com/iot/latest/developerguide/mqtt-based-file-delivery-in-devices.html
"""

from binascii import hexlify

import aws_iot


def bitmap(missing, first):
    """The bitmap that asks for ``missing`` (numbers): bit i of byte i // 8, least significant first, is first + i."""
    bits = bytearray((max(missing) - first) // 8 + 1)
    for block in missing:
        bits[(block - first) // 8] |= 1 << (block - first) % 8
    return bytes(bits)


def request(file, size_bytes, first, missing, json):
    """The request for these blocks of ``size_bytes``, ``first`` or later: a dict for JSON, or CBOR bytes."""
    bits = bitmap(missing, first)
    fields = {"f": file, "l": size_bytes, "o": first, "n": len(missing)}
    if json:
        fields["b"] = "0x" + str(hexlify(bits), "ascii")
        return fields
    fields["b"] = bits
    return aws_iot.fota.cbor.dumps(fields)
