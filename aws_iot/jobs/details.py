"""What a job document asks for, and the details of a report as AWS takes them (pure). Lent for each, so as not to be in
the heap while an answer is awaited.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

import aws_iot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_DETAILS = const(10)  # AWS's limits on statusDetails
_NAME_CHARS = const(128)
_DETAIL_CHARS = const(1024)


def operation(document):
    """What a job document asks for: its "operation", else "afr_ota" (FreeRTOS) or a managed template's action.

    None when that is no text. Where there is an "operation", what else the document has is the application's own.
    """
    name = None
    if isinstance(document, dict):
        if "operation" in document:
            name = document["operation"]
        elif "afr_ota" in document:
            name = "afr_ota"
        else:
            try:
                name = document["steps"][0]["action"]["name"]
            except (KeyError, IndexError, TypeError):
                pass
    return name if isinstance(name, str) else None


def strings(details):
    """``details`` as AWS takes them: at most ten pairs, names of a-z A-Z 0-9 : _ -, values of 1 to 1,024 characters.

    Values become text. ValueError names what AWS would refuse, such as a value with control characters.
    """
    if len(details) > _DETAILS:
        raise ValueError("job details: %d, of which AWS takes %d" % (len(details), _DETAILS))
    result = {}
    for name in details:
        value = str(details[name])
        if not value or value != text(value):
            raise ValueError("job details: %s: AWS takes 1 to 1024 characters, no control characters" % name)
        result[aws_iot.names.check_name(name, _NAME_CHARS, b":_-", "job details")] = value
    return result


def why(error):
    """The details of a job that has FAILED since its document cannot be read here, or leaves no room for the rest."""
    if isinstance(error, MemoryError):
        words = "no memory for this job beside its document"
    elif hasattr(error, "size"):  # of the message that the document came in
        words = "document of %d bytes does not fit" % error.size
    else:
        words = "document: %s" % error
    return {"reason": text(words)}


def text(value):
    """What was not written as a detail, such as the text of an error, as AWS takes it."""
    # byte by byte: MicroPython keeps each letter that a loop over a text meets in its heap for ever
    data = bytearray(str(value)[:_DETAIL_CHARS].encode("utf-8", "replace"))
    for at in range(len(data)):
        if data[at] < 32 or data[at] == 127:
            data[at] = 32
        elif data[at] & 0xE0 == 0x80 and data[at - 1] == 0xC2:  # U+0080 to U+009F
            data[at] = 0xA0
        elif data[at] & 0xE0 == 0xA0 and data[at - 1] == 0xED:  # half a letter: MicroPython reads \ud83d\ude00 as two
            data[at - 1] = data[at] = data[at + 1] = 63
    return str(data, "utf-8") or "-"
