"""What an image must be to go into a slot, and who signed it. Lent when it is known what it says of itself: by the job,
and by itself. What takes a board some seconds is a generator.
"""

from hashlib import sha256

import aws_iot

from ..jobs.job import JobError


def check(image, slot, options, version, board):
    """JobError unless an image of this version for this board may go into ``slot``."""
    if image.kind and image.kind != slot.kind:
        raise JobError("image of kind %s, this board takes %s" % (image.kind, slot.kind))
    if options["public_key"]:
        if not image.signature:
            raise JobError("image is not signed")
        lowest = slot.record.get("counter", 0)  # also by force: what was forced once can be sent again
        if image.counter < lowest:
            raise JobError("security counter %d is lower than %d" % (image.counter, lowest))
    if board and board != slot.board:
        raise JobError("image for board %s, this is %s" % (board, slot.board))
    if image.version and version and version != image.version:
        raise JobError("image of version %s, not %s" % (version, image.version))
    if version:
        versions = aws_iot.fota.versions
        try:
            newer = versions.newer(version, slot.version)
        except ValueError as error:
            raise JobError(str(error))
        if not (options["force"] or image.force or newer):
            raise JobError("version %s is not newer than %s" % (version, slot.version))


def statement(keys, image):
    """Check the signature of what the job says, before anything is fetched or written. One over the image itself comes
    with the image.
    """
    if keys and image.statement:
        yield from signature(keys, image, sha256(image.statement.encode()).digest())
        image.statement = image.signature = True  # the download needs their room


def signature(keys, image, digest):
    """JobError unless the owner of one of the keys signed ``digest``."""
    for key in keys:
        if (yield from aws_iot.fota.signature.verify(key, digest, image.signature)):
            return
    raise JobError("signature is wrong")
