"""The pieces of a request, several of them together in one write, which TLS makes a record of. Lent for each."""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_RECORD = const(512)


def records(pieces):
    """``pieces`` (str, or bytes) as bytes. The first goes alone: it drives the TLS handshake, whose memory is free
    again when the next one is made. A large one is handed on as it is, and so is a buffer, which may be filled anew for
    the next.
    """
    record = None
    for piece in pieces:
        if isinstance(piece, str):
            piece = piece.encode()
        if record is None or not isinstance(piece, bytes):
            if record:
                yield record
            yield piece
            record = b""
            continue
        if len(record) + len(piece) > _RECORD:
            yield record
            record = b""
        record = record + piece if record else piece
    if record:
        yield record
