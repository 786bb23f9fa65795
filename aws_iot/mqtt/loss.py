"""When a connection ends: why, who is suspected, and how long to wait. Borrowed for each loss.

With MQTT 3.1.1 AWS gives no reason when it closes a connection; the likely one is told from what was going on.
https://docs.aws.amazon.com/iot/latest/developerguide/iot-connect-devices.html
"""

import time

import aws_iot

from .. import ticks_add, ticks_diff
from ..errors import LinkError, ProtocolError, Rejected, ResponseTimeout, StateError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_SHORT_MS = const(30000)  # a link that ended sooner counts towards a longer back-off
_DAY_MS = const(86400000)
_PROMPT_MS = const(2000)  # AWS closes at once on what it denies
_DENIED_MS = const(30000)  # until a denied topic is tried again; doubles each time that it was in vain
_DENIED_MAX_MS = const(3600000)

_REFUSED = (
    "protocol version", "client id refused", "server unavailable", "user name or password", "not authorized"
)  # fmt: skip
# errno of Linux and of ESP32's newlib; negative ones are mbedTLS's
_CLOSED = (32, 54, 104, 9, 107, 113, 128)
_PEER = (32, 54, 104)


def lost(client, error):
    """Plan the next attempt, and tell the likely cause.

    There may be no memory for that: then the link is as before, and this is called again.
    """
    now = client.ticks()
    stage, text, short, denials = client.stage, None, client.short, []
    if client.connected:
        lived_ms = ticks_diff(now, client.up_at)
        short = short + 1 if lived_ms < _SHORT_MS else 0
        if not short:
            client.suspect = None
        if isinstance(error, EOFError) or isinstance(error, OSError) and abs(_code(error)) in _PEER:
            text = _suspect(client, now, denials) or _closed(client, lived_ms, short)
    if isinstance(error, StopIteration):
        text = "the attempt was interrupted"
    elif not text:
        text = _explain(client, error, stage)
    fails = max(client.fails, min(short, 5) - 1)
    delay_ms = aws_iot.mqtt.backoff.delay_ms(fails, client.random())
    result = ProtocolError(text) if isinstance(error, ProtocolError) else LinkError(text)
    result.cause = error
    told = client.tell, ("disconnected", result)
    calls = aws_iot.mqtt.calls
    # what takes memory is done: from here on the link is lost, and that will be told
    calls.reset(client)
    client.short = short
    client.stats["cause"] = text
    client.due = ticks_add(client.ticks(), delay_ms)
    client.fails += 1
    client.error = result
    if client.tell:
        try:
            client.call(client.tell, "disconnected", result)
        except MemoryError:
            client.later.append(told)  # of the four entries that a list has from the start
    for denial in denials:
        client.report(denial)


def _code(error):
    code = error.args[0] if error.args else 0
    return code if isinstance(code, int) else 0


def _suspect(client, now, denials):
    """The server closed: was it for the SUBSCRIBE or PUBLISH that it had just been sent?"""
    topic_of = aws_iot.mqtt.control.topic_of
    if client.asked and client.asked[2][0] == 0x82:
        name = client.asked[1][0]
        if len(client.asked[1]) > 1:
            client.batch = 1  # one by one, to find which
        elif _again(client, _held(name), 2) and name in client.subs:
            client.subs[name][3] = 2
            _hold_back(client, _held(name), now)
            denials.append(Rejected(0x87, "subscribe denied? " + name))
        return "closed after SUBSCRIBE to %s: does the policy allow iot:Subscribe there?" % name
    flying = [entry for entry in client.kept if entry[2] is not None]
    times = 2
    if flying:
        topic = topic_of(flying[0][1])
        if len(flying) > 1:
            client.limit = 1
            topic = None
    elif client.topic and 0 <= ticks_diff(now, client.tx_at) < _PROMPT_MS:
        topic = client.topic
        times = 3  # it was not kept: be surer
    else:
        return None
    told = "closed after PUBLISH to %s: does the policy allow iot:Publish there?"
    if topic and _again(client, topic, times):
        _hold_back(client, topic, now)
        denials.append(Rejected(0x87, "publish denied? " + str(topic, "utf-8")))
    elif not flying:
        told = "closed after PUBLISH to %s: the link was cut, or does the policy allow iot:Publish there?"
    return told % str(topic or topic_of(flying[0][1]), "utf-8")


def _hold_back(client, what, now):
    """Not ``what`` for a while: a topic to publish to, or a filter. It may also have been a bad network."""
    if client.denied is None:
        client.denied = {}
    held = client.denied.get(what)
    delay_ms = min(2 * held[1], _DENIED_MAX_MS) if held else _DENIED_MS
    client.denied[what] = [ticks_add(now, delay_ms), delay_ms, False]


def _held(name):
    """A filter among the topics that are held back; no topic has a #."""
    return b"#" + name.encode()


def _again(client, what, times):
    """True when ``what`` alone was there at the end of each of the last ``times`` links."""
    link, count = client.stats["connects"], 1
    if client.suspect and client.suspect[0] == what:
        count = client.suspect[1] + (client.suspect[2] != link)
    client.suspect = (what, count, link) if count < times else None
    return count >= times


def _closed(client, lived_ms, short):
    if short > 2:
        return "closed %d times shortly after connecting: does another device use client id %s?" % (
            short, client.client_id,
        )  # fmt: skip
    if lived_ms >= _DAY_MS:  # longer is not known: see timers.py
        return "closed by the server after more than a day"
    return "closed by the server after %d s" % (lived_ms // 1000)


def _explain(client, error, stage):
    where = "%s:%d" % (client.server, client.port)
    if isinstance(error, ProtocolError):
        return "the server broke the protocol: %s" % error
    if isinstance(error, Rejected):
        code = error.code
        why = _REFUSED[code - 1] if code <= len(_REFUSED) else "unknown code"
        return "CONNACK %d: %s" % (code, why)
    if isinstance(error, ResponseTimeout):
        what = error.args[0]
        if what == "tcp":
            return "no answer from %s: no network, or a firewall that blocks the port" % where
        if what == "tls":
            return "the TLS handshake with %s stalled" % where
        if what == "connack":
            return "no answer to CONNECT from " + where
        if what in ("puback", "suback", "pingresp"):
            what = what.upper()
        return "no %s in time: the network is gone or the server hangs" % what
    if stage == "dns" and isinstance(error, OSError):
        return "cannot look up %s: no network, no DNS, or a wrong endpoint (%s)" % (client.server, error)
    if isinstance(error, ValueError) or stage == "tls" or _code(error) < -1000 or type(error) is not OSError:
        found = _tls(client, error, str(error).lower())
        if found:
            return found
    if stage == "tcp":
        return "%s cannot be reached: %s" % (where, "refused" if abs(_code(error)) in (111, 61) else error)
    if stage == "tls":
        return "closed in the TLS handshake: device certificate refused, or no TLS server at %s (%s)" % (where, error)
    if stage == "connack" and (isinstance(error, EOFError) or abs(_code(error)) in _CLOSED):
        return (
            "closed before CONNACK: is the certificate active, does its policy allow iot:Connect,"
            " is client id %s right?" % client.client_id
        )
    return _broken(error)


def _broken(error):
    code = abs(_code(error))
    if code == 12:
        return "no memory for the network: free some"
    if code in (110, 116, 113, 118):  # ETIMEDOUT, EHOSTUNREACH of Linux, of the ESP32
        return "nothing came through in time: the network is gone"
    return "the connection broke: %r" % error


def _tls(client, error, text):
    """Words for what mbedTLS and OpenSSL say; None for what they do not explain."""
    if "future" in text or "not yet valid" in text:
        today = time.gmtime()
        date = "%d-%02d-%02d" % today[:3]
        if today[0] < 2025:
            return "the clock is not set (it says %s): set it, by NTP, before connecting" % date
        return "the server's certificate is not yet valid, or the clock (%s) is behind" % date
    if "expired" in text:
        if "alert" in text:
            return "the server refused this device's certificate: expired"
        return "the server's certificate has expired, or the clock is wrong"
    if "alert" in text or _code(error) == -30592:
        return "the server refused this device's certificate: not active, not registered, or key and certificate differ"
    if "expected cn" in text or "hostname mismatch" in text or "ip address mismatch" in text:
        name = client.ssl_params.get("server_hostname") or client.server
        return "the server's certificate is not for %s: wrong endpoint?" % name
    if "trusted ca" in text or "self-signed" in text or "self signed" in text or "issuer certificate" in text:
        return "the server's certificate is not signed by the given CA: wrong cacert, or not an -ats endpoint"
    if "record mac" in text or _code(error) == -29056:
        return "a TLS record was damaged on its way"
    if "no ca chain" in text:
        return "no CA was given to verify the server with"
    if _code(error) in (12, -12) or "alloc" in text:
        return "no memory for TLS: free some before connecting"
    if isinstance(error, ValueError) and not _code(error):
        return str(error)  # ours: a certificate or key that cannot be used
    return None


def held_back(client, entry):
    """True while a kept publish waits because its topic was denied."""
    return not _allowed(client, aws_iot.mqtt.control.topic_of(entry[1]))


def refuse(client, topic):
    """StateError while ``topic`` (bytes) is held back."""
    if not _allowed(client, topic):
        raise StateError("publish denied? " + str(topic, "utf-8"))


def ask_again(client):
    """Subscribe to the filters that were held back long enough; forget what a link has lived with for a while."""
    now = client.ticks()
    for what, held in list(client.denied.items()):
        if held[2] and min(ticks_diff(now, held[0]), ticks_diff(now, client.up_at)) > _DENIED_MS:
            del client.denied[what]
    for name, sub in client.subs.items():
        if sub[3] == 2 and _held(name) in client.denied and _allowed(client, _held(name)):
            sub[3] = 0
    aws_iot.mqtt.subscribe.advance(client)


def _allowed(client, topic):
    """False while ``topic`` is held back; the first time after that it is on probation, and alone."""
    held = client.denied.get(topic)
    if held and not held[2]:
        now = client.ticks()
        if 0 < ticks_diff(held[0], now) <= held[1]:  # more: the ticks have wrapped since
            return False
        held[0], held[2] = now, True
        client.limit = 1
    return True
