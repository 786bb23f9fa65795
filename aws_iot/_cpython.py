"""CPython's sockets, TLS and clock with the manners of MicroPython's (readinto and write give None for "not now")."""

import io
import json
import select as _select
import socket as _socket
import ssl as _ssl
import time

_PERIOD = 1 << 30  # ticks wrap as they do on a board
_NOT_NOW = (BlockingIOError, _ssl.SSLWantReadError, _ssl.SSLWantWriteError)


def ticks_ms():
    """Milliseconds that wrap at 2**30 (about 12.4 days)."""
    return time.monotonic_ns() // 1000000 % _PERIOD


def ticks_add(ticks, delta):
    """``ticks`` moved by ``delta`` ms."""
    return (ticks + delta) % _PERIOD


def ticks_diff(end, start):
    """Milliseconds from ``start`` to ``end``, right across the wrap."""
    return (end - start + _PERIOD // 2) % _PERIOD - _PERIOD // 2


def sleep_ms(duration_ms):
    """Sleep ``duration_ms``."""
    time.sleep(duration_ms / 1000)


class BytesIO(io.BytesIO):
    """A stream that takes text as well."""

    def write(self, data):
        return super().write(data.encode() if isinstance(data, str) else data)


def loads(data):
    """json.loads of any buffer."""
    return json.loads(bytes(data))


class _Stream:
    """A MicroPython-like stream around a CPython socket (plain or TLS)."""

    def __init__(self, sock):
        self._sock = sock

    def fileno(self):
        return self._sock.fileno()

    def readinto(self, buffer):
        try:
            return self._sock.recv_into(buffer)
        except _NOT_NOW:
            return None
        except _ssl.SSLEOFError:
            return 0

    def write(self, data):
        try:
            return self._sock.send(data)
        except _NOT_NOW:
            return None
        except _ssl.SSLEOFError:  # MicroPython's next read tells of it
            raise EOFError from None

    def __getattr__(self, name):
        return getattr(self._sock, name)


class _Context:
    """An ssl.SSLContext that turns such a stream into TLS: CPython's takes the raw socket's place, so does the
    stream's.
    """

    def __init__(self, context):
        self._context = context

    def wrap_socket(self, stream, server_hostname=None, do_handshake_on_connect=False):
        stream._sock = self._context.wrap_socket(
            stream._sock, server_hostname=server_hostname, do_handshake_on_connect=do_handshake_on_connect
        )
        return stream


class _Poll:
    """select.poll with MicroPython's ipoll."""

    def __init__(self):
        self._poll = _select.poll()
        self.register = self.modify = self._poll.register
        self.poll = self.ipoll = self._poll.poll


class select:  # noqa: N801 - stands where MicroPython's module stands
    """MicroPython's select module, as far as aws_iot uses it."""

    POLLIN, POLLOUT, POLLERR, POLLHUP = _select.POLLIN, _select.POLLOUT, _select.POLLERR, _select.POLLHUP
    poll = _Poll


class socket:  # noqa: N801
    """MicroPython's socket module, as far as aws_iot uses it."""

    SOCK_STREAM = _socket.SOCK_STREAM
    getaddrinfo = staticmethod(_socket.getaddrinfo)

    @staticmethod
    def socket(family, kind):
        return _Stream(_socket.socket(family, kind))


def prepare(context):
    """What aws_iot.mqtt.tcp can use: a CPython context given by the user, wrapped."""
    return _Context(context) if isinstance(context, _ssl.SSLContext) else context


def context(pair, ca, verify=True):
    """A client context from PEM or DER contents (bytes). CPython loads certificates from files only."""
    import os
    import tempfile

    made = _ssl.SSLContext(_ssl.PROTOCOL_TLS_CLIENT)
    if not verify:
        made.check_hostname = False
        made.verify_mode = _ssl.CERT_NONE
    for data in ca:
        try:
            made.load_verify_locations(cadata=data.decode() if b"-----BEGIN" in data else data)
        except _ssl.SSLError as error:  # an OSError, which would look as if the network failed
            raise ValueError("cacert: damaged or of an unknown kind (%s)" % error) from None
    if not pair:
        return _Context(made)
    cert, key = pair
    if b"-----BEGIN" not in cert:
        cert = _ssl.DER_cert_to_PEM_cert(cert).encode()
    for candidate in _key_forms(key):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "pair.pem")
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(cert + b"\n" + candidate)
            try:
                made.load_cert_chain(path, password="")  # never ask at a terminal
                return _Context(made)
            except _ssl.SSLError as error:
                problem = error
    raise ValueError("key or certificate: %s" % problem)


def _key_forms(key):
    if b"-----BEGIN" in key:
        return [key]
    import base64

    body = base64.encodebytes(key).decode()
    return [
        ("-----BEGIN %s-----\n%s-----END %s-----\n" % (kind, body, kind)).encode()
        for kind in ("PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY")
    ]


try:
    from umqtt import simple
except ImportError:  # installed by pip

    class simple:  # noqa: N801
        """What an MQTTClient inherits of umqtt.simple: its constructor, and the calls before a connection."""

        class MQTTException(Exception):
            pass

        class MQTTClient:
            def __init__(
                self,
                client_id,
                server,
                port=0,
                user=None,
                password=None,
                keepalive=0,
                ssl=None,
                ssl_params={},  # noqa: B006
            ):
                self.client_id, self.server, self.port = client_id, server, port or (8883 if ssl else 1883)
                self.user, self.pswd, self.keepalive = user, password, keepalive
                self.ssl, self.ssl_params = ssl, ssl_params
                self.sock = self.cb = self.lw_topic = None
                self.lw_msg = b""
                self.lw_qos, self.lw_retain, self.pid = 0, False, 0

            def set_callback(self, f):
                self.cb = f

            def set_last_will(self, topic, msg, retain=False, qos=0):
                self.lw_topic, self.lw_msg, self.lw_qos, self.lw_retain = topic, msg, qos, retain


NAMES = {
    "BytesIO": BytesIO,
    "loads": loads,
    "select": select,
    "simple": simple,
    "sleep_ms": sleep_ms,
    "socket": socket,
    "ticks_add": ticks_add,
    "ticks_diff": ticks_diff,
    "ticks_ms": ticks_ms,
}  # what aws_iot has by these names
