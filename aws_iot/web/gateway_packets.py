"""The packets that a gateway takes of the engine, each with the call that it stands for. Lent for each.

https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-rest-api.html
"""

from json import dumps

import aws_iot

from .. import loads, ticks_add, ticks_ms
from ..errors import LinkError, Rejected

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_CONNECT = const(0x10)
_PUBLISH = const(0x30)
_SUBSCRIBE = const(0x80)
_UNSUBSCRIBE = const(0xA0)
_PINGREQ = const(0xC0)
_WILL = const(4)
_DUP = const(8)
_RETAIN = const(1)
_PID = const(0)
_METHODS = {"get": "GET", "update": "POST", "delete": "DELETE"}
_DENIED = (401, 403)
_BUSY = (429, 500, 502, 503, 504)


def take(gateway, data):
    """The first packet of ``data``; -> (its size, a generator that answers it, or None: it needs no call)."""
    size, shift, at = 0, 0, 1
    while True:
        size |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            break
    end = at + size
    kind, body = data[0] & 0xF0, data[at:end]
    work = None
    if kind == _CONNECT:
        work = _connect(gateway, body)
    elif kind == _PUBLISH:
        work = _publish(gateway, data[0], body)
    elif kind == _SUBSCRIBE:
        _subscribe(gateway, body)
    elif kind == _UNSUBSCRIBE:
        _unsubscribe(gateway, body)
    elif kind == _PINGREQ:
        gateway.say(b"\xd0\0")
    return end, work


def _connect(gateway, body):
    """The shadow is asked for: that is what says whether the keys, or the certificate, are taken."""
    client = gateway.client
    client.poller = gateway  # the sockets come and go
    client.raw = None
    if body[7] & _WILL:
        raise ValueError("a last will needs MQTT: by HTTPS nobody sees that the thing is gone")
    thing = client.senders[0].prefix.split("/")[2]
    status, data = yield from gateway.calls.call("GET", *aws_iot.web.calls.shadow(thing))
    try:
        aws_iot.web.refusal.document(gateway.calls, status, data)
    except Rejected as error:
        if status in _BUSY or status == 403 and gateway.calls.keys:
            raise ValueError("HTTP %d: %s" % (status, error.message))
    gateway.say(b"\x20\2\0\0")


def _subscribe(gateway, body):
    codes, at = bytearray((0x90, 2, body[0], body[1])), 2
    while at < len(body):
        end = at + 2 + (body[at] << 8 | body[at + 1])
        name = str(bytes(body[at + 2 : end]), "utf-8")
        at = end + 1
        if name not in gateway.granted:
            gateway.granted.append(name)
        codes.append(0)
    codes[1] = len(codes) - 2
    gateway.say(codes)
    begin(gateway)


def begin(gateway):
    """Shadows that want to hear of differences are asked for now, unless the engine does that."""
    for sender in gateway.client.senders:
        if sender.prefix + "update/delta" in gateway.granted and sender.prefix not in gateway.asked_at:
            ago_ms = 0 if "get/accepted" in sender.wanted else gateway.poll_ms(sender)
            gateway.asked_at[sender.prefix] = ticks_add(ticks_ms(), -ago_ms)


def _unsubscribe(gateway, body):
    at = 2
    while at < len(body):
        end = at + 2 + (body[at] << 8 | body[at + 1])
        name = str(bytes(body[at + 2 : end]), "utf-8")
        at = end
        if name in gateway.granted:
            gateway.granted.remove(name)
    gateway.say(bytes((0xB0, 2, body[0], body[1])))


def _publish(gateway, flags, body):
    at = 2 + (body[0] << 8 | body[1])
    topic, pid = str(bytes(body[2:at]), "utf-8"), None
    if flags & 6:
        pid = body[at] << 8 | body[at + 1]
        at += 2
        if flags & _DUP and not [1 for entry in gateway.client.kept if entry[_PID] == pid]:
            return None  # a copy of what AWS has
    return _call(gateway, topic, flags, body[at:], pid)


def _call(gateway, topic, flags, payload, pid):
    levels = topic.split("/")
    if topic.startswith("$aws/things/") and len(levels) in (5, 7) and levels[3] == "shadow" and levels[-1] in _METHODS:
        status = yield from _shadow(gateway, levels, topic, bytes(payload))
    else:
        sigv4 = aws_iot.web.sigv4
        query = sigv4.encoded(qos=1 if pid else 0, retain="true" if flags & _RETAIN else None)
        status, data = yield from gateway.calls.call("POST", "/topics/" + sigv4.quote(topic), query, bytes(payload))
        _judge(gateway, status, data, True, status in _DENIED)
    if pid:
        gateway.say(bytes((0x40, 2, pid >> 8, pid & 255)))


def _shadow(gateway, levels, topic, payload):
    """A request of a shadow, and its answer on topic/accepted or topic/rejected."""
    verb = levels[-1]
    prefix = topic[: -len(verb)]
    path, query = aws_iot.web.calls.shadow(levels[2], levels[5] if len(levels) == 7 else None)
    token = _token(payload) if verb != "update" else None
    asked_at = ticks_ms()
    status, data = yield from gateway.calls.call(_METHODS[verb], path, query, payload if verb == "update" else b"")
    answer = topic + ("/accepted" if status < 300 else "/rejected")
    heard = answer in gateway.granted
    error = _judge(gateway, status, data, not heard, status in _DENIED and gateway.calls.keys)
    if verb == "get":
        gateway.asked_at[prefix] = asked_at
    if not heard:
        return
    if error:
        token = token or _token(payload)
        status = 500 if status in _BUSY[1:] else status
        tell(gateway, answer, dumps(_with({"code": status, "message": error.message}, token)).encode())
        return
    if verb == "get":
        document = loads(data)
        if "delta" in document.get("state", ()):
            gateway.told[prefix] = document["version"]
    if token:
        tell(gateway, answer, b'{"clientToken":%s,' % dumps(token).encode(), memoryview(data)[1:])
    else:
        tell(gateway, answer, data)


def _token(payload):
    """The clientToken of a request, None of one that has none or cannot be read: a program may publish anything."""
    try:
        return loads(payload)["clientToken"]
    except (ValueError, TypeError, LookupError):
        return None


def _with(document, token):
    if token:
        document["clientToken"] = token
    return document


def _judge(gateway, status, data, alone, denied):
    """The Rejected of an answer, or None. What was ``denied``, or may be mended, ends the link, so that it is sent
    again; if ``alone``, nobody else hears of a refusal.
    """
    if denied:
        raise EOFError  # as AWS closes an MQTT connection: see loss.py
    try:
        aws_iot.web.refusal.document(gateway.calls, status, data)
    except Rejected as error:
        if alone:
            if status in _BUSY:
                raise LinkError("HTTP %d: %s" % (status, error.message))
            gateway.client.report(error)
        return error
    return None


def poll(gateway, prefix):
    """Ask for a shadow, and tell of a difference that is new."""
    gateway.asked_at[prefix] = ticks_ms()
    levels = prefix.split("/")
    path, query = aws_iot.web.calls.shadow(levels[2], levels[5] if len(levels) == 7 else None)
    status, data = yield from gateway.calls.call("GET", path, query)
    if status == 404 or status in _BUSY:
        return  # there is none; the next time
    if _judge(gateway, status, data, True, status in _DENIED and gateway.calls.keys):
        return
    document = aws_iot.web.refusal.document(gateway.calls, status, data)
    delta, version = document.get("state", {}).get("delta"), document.get("version")
    if delta and gateway.told.get(prefix) != version:
        gateway.told[prefix] = version
        told = {"state": delta, "version": version, "timestamp": document.get("timestamp", 0)}
        told["metadata"] = document.get("metadata", {}).get("desired")  # when it was set: see shadow_pending.find
        tell(gateway, prefix + "update/delta", dumps(told).encode())


def tell(gateway, topic, *parts):
    """Have the engine read a message (section 3.3), at QoS 0."""
    name = topic.encode()
    left = 2 + len(name) + sum([len(part) for part in parts])
    head = bytearray((_PUBLISH,))
    while left > 127:
        head.append(left & 127 | 128)
        left >>= 7
    head.extend(bytes((left, len(name) >> 8, len(name) & 255)) + name)
    gateway.say(head, *parts)
