"""CPython's sockets, TLS and clock with the manners of MicroPython's (readinto and write give None for "not now")."""

import difflib
import functools
import inspect
import io
import json
import select as _select
import socket as _socket
import ssl as _ssl
import sys
import time
import traceback

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
    """A stream that takes text as well, and all that MicroPython has in text."""

    def write(self, data):
        return super().write(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)


def dump(value, stream, separators=None):
    """json.dump, as MicroPython has it: UTF-8, and bytes as text."""
    stream.write(json.dumps(value, ensure_ascii=False, separators=separators, default=bytes.decode))


def print_exception(error, stream=None):
    """MicroPython's sys.print_exception."""
    (stream or sys.stdout).write("".join(traceback.format_exception(error)))


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

    def load_verify_locations(self, data):
        """From the content of PEM or DER (bytes)."""
        self._context.load_verify_locations(cadata=data.decode() if b"-----BEGIN" in data else data)

    def load_cert_chain(self, cert, key):
        """From the contents of PEM or DER (bytes); CPython loads them from files only."""
        import os
        import tempfile

        if b"-----BEGIN" not in cert:
            cert = _ssl.DER_cert_to_PEM_cert(cert).encode()
        problem = None
        for candidate in _key_forms(key):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "pair.pem")
                with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                    file.write(cert + b"\n" + candidate)
                try:
                    self._context.load_cert_chain(path, password="")  # never ask at a terminal
                    return
                except _ssl.SSLError as error:
                    if error.reason == "KEY_VALUES_MISMATCH":
                        raise ValueError("key values mismatch") from None
                    problem = problem or error
        raise ValueError(problem)

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


def context(verify=True):
    """A client context."""
    made = _ssl.SSLContext(_ssl.PROTOCOL_TLS_CLIENT)
    if not verify:
        made.check_hostname = False
        made.verify_mode = _ssl.CERT_NONE
    return _Context(made)


def _key_forms(key):
    if b"-----BEGIN" in key:
        return [key]
    import base64

    body = base64.encodebytes(key).decode()
    return [
        ("-----BEGIN %s-----\n%s-----END %s-----\n" % (kind, body, kind)).encode()
        for kind in ("PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY")
    ]


# -- what is lent on a board

names = [
    "IotError", "LinkError", "MQTTClient", "ProtocolError", "Rejected", "ResponseTimeout", "Shadow", "StateError",
    "Thing", "__version__", "config", "fota", "jobs", "load", "zerynth",
]  # fmt: skip
# What a Thing hands on of its client: calls, and what it may be asked for.
_CALLS = (
    "connect", "disconnect", "loop_forever", "on_error", "on_event", "poll", "request", "run", "unsubscribe",
)  # fmt: skip
_FIELDS = {
    "cause": "Why the last connection or attempt ended, in words; None before.",
    "connected": "True once the broker has accepted the connection.",
    "http": "Its calls to AWS by HTTPS, one at a time (web/http.py).",
    "jobs": "Its Jobs, made when first named: a thing has one.",
    "ready": "True once all subscriptions are acknowledged as well.",
    "stats": "Counters: connects, sent, resent, received, errors.",
}


def find(name, load):
    """aws_iot.``name``; ``load`` is what finds it on a board."""
    if name in NAMES:
        return NAMES[name]
    if not name.startswith("_"):
        try:
            return load(name)
        except AttributeError as error:
            raise _no("aws_iot", name, names) from error
    raise _no("aws_iot", name, ())


def told_as(function):
    """What an editor tells of a method stays the same when a turn is put around it."""
    return functools.wraps(function)


def complete(kind, source, *constructor):
    """Make real methods of what ``kind.__getattr__`` finds in the file ``source``: for dir(), help(), inspect and
    editors. They still are found by it at each call. ``source`` is the client's class for a Thing, which hands calls
    on. ``constructor``: the functions that tell what ``kind`` takes.
    """
    lent = kind.__getattr__
    calls, fields = (source.__all__, ()) if hasattr(source, "__all__") else (_CALLS, _FIELDS)
    for name in calls:
        setattr(kind, name, _method(lent, name, getattr(source, name)))
    for name in fields:
        setattr(kind, name, _field(lent, name))
    if constructor:
        if constructor[1:]:  # not told by thing.py, whose names a board has in its heap
            from .care import own
            from .web.door import door

            for name in own.__all__:
                setattr(kind, name, _method(lent, name, getattr(own, name)))
            constructor = constructor[0], door, constructor[1]
        kind.__init__.__signature__ = _signature(*constructor)
        kind.__init__.__doc__ = constructor[-1].__doc__

    def missing(self, name):
        if not name.startswith("_"):
            try:
                return lent(self, name)
            except AttributeError as error:
                raise _no(kind.__name__, name, dir(kind)) from error
        raise _no(kind.__name__, name, ())

    kind.__getattr__ = missing


def _field(lent, name):
    """An attribute that is looked for as on a board: while it is not set."""

    def get(self):
        return self.__dict__[name] if name in self.__dict__ else lent(self, name)

    def put(self, value):
        self.__dict__[name] = value

    return property(get, put, doc=_FIELDS[name])


def _method(lent, name, function):
    @functools.wraps(function)
    def method(self, *args, **options):
        return lent(self, name)(*args, **options)

    method.__signature__ = _signature(function)
    return method


def _signature(function, *more):
    """Of ``function`` as a method; the options that it hands on are those of ``more``."""
    signature = inspect.signature(function)
    first, *others = signature.parameters.values()
    for further in more:
        known = {each.name for each in others}
        added = [
            each for each in inspect.signature(further).parameters.values()
            if each.kind is each.KEYWORD_ONLY and each.name not in known
        ]  # fmt: skip
        others = [each for each in others if each.kind is not each.VAR_KEYWORD] + added
    # no * in the list: mpy-cross, which freezes this file with the package, does not know it
    return signature.replace(parameters=[first.replace(name="self")] + others)


def _no(owner, name, known):
    found = difflib.get_close_matches(name, [each for each in known if not each.startswith("_")], 1)
    return AttributeError("%s has no %s%s" % (owner, name, found and ": did you mean %s?" % found[0] or ""))


# -- umqtt.simple

class Simple:
    """umqtt.simple for an aws_iot that pip installed: what an MQTTClient inherits of it, and its signatures."""

    class MQTTException(Exception):
        pass

    class MQTTClient:
        def __init__(
            self, client_id, server, port=0, user=None, password=None, keepalive=0, ssl=None, ssl_params={},  # noqa: B006
        ):  # fmt: skip
            self.client_id, self.server, self.port = client_id, server, port or (8883 if ssl else 1883)
            self.user, self.pswd, self.keepalive = user, password, keepalive
            self.ssl, self.ssl_params = ssl, ssl_params
            self.sock = self.cb = self.lw_topic = self.lw_msg = None
            self.lw_qos, self.lw_retain, self.pid = 0, False, 0

        def set_callback(self, f):
            """umqtt.simple's: ``f(topic, msg)``, both bytes, for messages that no handler takes."""
            self.cb = f

        def set_last_will(self, topic, msg, retain=False, qos=0):
            """umqtt.simple's: what the broker publishes when this connection is lost; before connect()."""
            if not topic or qos not in (0, 1, 2):
                raise ValueError("a last will has a topic, and QoS 0, 1 or 2")
            self.lw_topic, self.lw_msg, self.lw_qos, self.lw_retain = topic, msg, qos, retain


try:
    from umqtt import simple
except ImportError:
    simple = Simple

NAMES = {
    "BytesIO": BytesIO,
    "complete": complete,
    "dump": dump,
    "told_as": told_as,
    "loads": loads,
    "print_exception": print_exception,
    "select": select,
    "simple": simple,
    "sleep_ms": sleep_ms,
    "socket": socket,
    "ticks_add": ticks_add,
    "ticks_diff": ticks_diff,
    "ticks_ms": ticks_ms,
}  # what aws_iot has by these names
