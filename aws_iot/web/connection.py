"""A connection to a HTTPS server that is kept from one request to the next (RFC 9110, RFC 9112). Lent to who asks.

What waits is a generator that yields True ("go on soon"), so that it runs beside poll().
"""

import aws_iot

from .. import select, ticks_ms
from ..errors import LinkError, ProtocolError, ResponseTimeout, StateError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_UNKNOWN = const(-1)  # bytes: in chunks, or until the server closes
_BUFFER = const(512)
_PEER = (32, 54, 104, -32, -54, -104)  # errno, as in mqtt/cause.py; of TLS it is negative


class Connection(aws_iot.web.link.Link):
    """To ``server`` (a name or an address) and ``port``, by the TLS ``context``. ``host``: the server's name, which is
    verified and sent, ``server`` unless given.

    ``timeout_ms``: for a request with its answer; if ``each``, for each of connecting, the TLS handshake, the head, and
    the next bytes. ``buffer``: a bytearray to read into. Of the last answer: ``headers``, those that request.head()
    takes.
    """

    def __init__(self, server, port, context, *, host=None, timeout_ms=15000, each=False, buffer=None):
        self.server = server
        self.port = port
        self.context = context
        self.host = host or server
        self.ssl_params = {"server_hostname": self.host}  # for cause_tls.py
        self.timeout_ms = timeout_ms
        self.each = each
        self.buffer = memoryview(buffer or bytearray(_BUFFER))
        self.have = self.left = 0  # left: of the body, to come
        self.headers = {}
        self.fresh = False  # TCP is there, by somebody else

    def adopt(self, stream):
        """Have the first request by this TCP connection."""
        self.stream = stream
        aws_iot.web.request.secure(self, self.context, self.host)
        self.stage = "tls"
        self.fresh = True

    def name(self):
        """The Host of a request."""
        return self.host if self.port == 443 else "%s:%d" % (self.host, self.port)

    def request(self, method, path, head=None, body=b"", size=None):
        """Send a request and read the head of its answer: a generator, which returns the status (int).

        ``path``: with the query, as it is sent. ``head()``: more lines of the head, in pieces of text, each line with
        its end; asked for each time that it is sent. ``body``: bytes, or with ``size`` a function that gives buffers.

        The server may have closed what was kept: then all is sent once more, by a new connection. Raises LinkError,
        ResponseTimeout, ProtocolError, and what ``head`` and ``body`` raise. Read what parts() gives before the next
        one, or close().
        """
        return self._told(self._request(method, path, head, body, len(body) if size is None else size))

    def parts(self):
        """A generator of the body: memoryviews, each valid until it goes on, and True between them."""
        return self._told(self._parts())

    def body(self, most):
        """A generator that returns the whole body, a bytearray. ProtocolError if it has over ``most`` bytes."""
        return self._told(self._body(most))

    def _told(self, work):
        """``work``, with errors in words; unless it ends well, the connection is closed."""
        try:
            result = yield from work
        except ResponseTimeout:
            if self.stage == "head":
                raise ResponseTimeout("no answer from %s:%d in %d ms" % (self.server, self.port, self.timeout_ms))
            raise ResponseTimeout(aws_iot.mqtt.cause.lost(self, ResponseTimeout(self.stage), None))
        except ProtocolError as error:
            raise ProtocolError("%s:%d: %s" % (self.server, self.port, error))
        except MemoryError as error:
            words = "no memory for the answer of %s:%d" % (self.server, self.port)
            raise StateError(words if self.stage == "head" else aws_iot.mqtt.cause.lost(self, error, None))
        except (EOFError, OSError, ValueError) as error:
            if isinstance(error, ValueError) and self.stage != "tls":
                raise  # not of the server's certificate: of what was to be sent
            self._fail(error)
        else:
            work = None
            return result
        finally:
            if work:
                self.close()

    def _fail(self, error):
        """Raise LinkError: it ended, in words."""
        where, ended = (self.server, self.port), isinstance(error, EOFError)
        if self.stage != "head" or not ended and not (error.args and error.args[0] in _PEER):
            raise LinkError(aws_iot.mqtt.cause.lost(self, error, None))
        if ended or self.headers:
            raise LinkError("%s:%d closed before the end of its answer" % where)
        # TLS 1.3 refuses a certificate after the handshake, and the reset behind that may overtake the alert
        raise LinkError("%s:%d cut without an answer: refuses this device's certificate, or a bad network" % where)

    def _request(self, method, path, head, body, size):
        self.rx_at = ticks_ms()
        fresh, self.fresh = self.fresh and self.stream, False  # who waited for keys has closed it
        kept = not fresh and self._idle()
        while True:
            try:
                if not kept and not fresh:
                    yield from aws_iot.web.request.open(self, self.context, self.host)
                    self.stage = "tls"
                self.left, self.headers = _UNKNOWN, {}
                yield from aws_iot.web.request.send(self, self._lines(method, path, head, body, size))
                status = 100
                while status < 200:
                    status, self.headers = yield from aws_iot.web.request.head(self)
                break
            except (OSError, EOFError):
                if not kept:
                    raise
                self.close()
                kept = False
        self.left = self._size(method, status)
        return status

    def _lines(self, method, path, head, body, size):
        yield "%s %s HTTP/1.1\r\nHost: %s\r\n" % (method, path, self.name())
        if head:
            yield from head()
        if size or method not in ("GET", "DELETE"):
            yield "Content-Length: %d\r\n" % size
        yield "\r\n"
        if callable(body):
            yield from body()
        else:
            yield body

    def _size(self, method, status):
        """Of the body (RFC 9112 section 6.3)."""
        if method == "HEAD" or status in (204, 304):
            return 0
        if "transfer-encoding" in self.headers:
            return _UNKNOWN
        length = self.headers.get("content-length")
        if length is None:
            return _UNKNOWN
        if not length.isdigit():
            raise ProtocolError("Content-Length")
        return int(length)

    def _parts(self):
        if "transfer-encoding" in self.headers:
            yield from aws_iot.web.chunks.chunks(self)
        elif self.left == _UNKNOWN:
            try:
                while True:
                    yield self.buffer[: (yield from self._next())]
            except EOFError:
                self.close()
                self.left = 0
        while self.left > 0:
            count = yield from self._next()
            if count > self.left:
                raise ProtocolError("more bytes than announced")
            self.left -= count
            yield self.buffer[:count]
        if self.headers.get("connection", "").lower() == "close":
            self.close()

    def _body(self, most):
        _fits(self.left, most)
        whole = bytearray()
        for part in self._parts():
            if part is True:
                yield True
            else:
                _fits(len(whole) + len(part), most)
                whole.extend(part)
        return whole

    def _next(self):
        """Have something in the buffer; -> how much."""
        count = self.have or (yield from self.read(self.buffer))
        self.have = 0
        return count

    def _idle(self):
        """Whether a connection is there that takes a request."""
        try:
            # neither the end of it, nor bytes that nobody asked for
            if self.stream and not self.left and not self.have and self.stream.readinto(bytearray(1)) is None:
                self.poller.modify(self.stream, select.POLLIN | select.POLLOUT)
                return True
        except OSError:
            pass
        self.close()
        self.have = 0
        return False


def _fits(size, most):
    if size > most:
        raise ProtocolError("an answer of over %d bytes" % most)
