"""A body in chunks (RFC 9112 section 7.1). Lent for each."""

from ..errors import ProtocolError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_LINE = const(256)
_NEWLINE = const(10)


def chunks(connection):
    """A generator of what is in the chunks: memoryviews, and True between them."""
    line, left, last = b"", 0, False
    while True:
        count = yield from connection._next()
        at = 0
        while at < count:
            if left:
                end = min(count, at + left)
                yield connection.buffer[at:end]
                left -= end - at
                at = end
                continue
            byte = connection.buffer[at]
            at += 1
            if byte != _NEWLINE:
                line += bytes((byte,))
                if len(line) > _LINE:
                    raise ProtocolError("a chunk without its size")
                continue
            text, line = line.strip(), b""
            if text and not last:
                left = _size(text)
                last = not left
            elif last and not text:
                if at < count:
                    raise ProtocolError("more bytes than announced")
                connection.left = 0
                return


def _size(text):
    try:
        size = int(text.split(b";")[0].decode(), 16)
    except ValueError:
        size = -1
    if size < 0:
        raise ProtocolError("a chunk without its size")
    return size
