"""When a connection ends: who is suspected. Lent for each loss, between cause.py and ending.py.

With MQTT 3.1.1 AWS gives no reason when it closes a connection; the likely one is told from what was going on.
https://docs.aws.amazon.com/iot/latest/developerguide/iot-connect-devices.html
"""

import aws_iot

from .. import ticks_add, ticks_diff
from ..errors import Rejected, StateError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_SHORT_MS = const(30000)  # a link that ended sooner counts towards a longer back-off
_DAY_MS = const(86400000)
_PROMPT_MS = const(2000)  # AWS closes at once on what it denies
_DENIED_MS = const(5000)  # until a denied topic is tried again; four times as long each time that it was in vain
_DENIED_MAX_MS = const(3600000)
_PROBATION_MS = const(30000)  # what a link has lived with for so long is not denied
_UNTIL = const(0)
_DELAY = const(1)
_TRIED = const(2)
_STATE = const(3)
_REFUSED = const(2)
_RETAIN = const(1)
_PACKET = const(1)
_SENT = const(2)
_FILTERS = const(4)


def lost(client, error, text):
    """-> (why the link or the attempt ended, how many links in a row lived shortly, errors to report).

    ``text``: what cause.py made of ``error``, or None where the server just closed: then it is told who is suspected.
    There may be no memory for what follows: then this is asked again.
    """
    short, denials = client.short, []
    if client.stage in ("up", "ready"):
        now = client.rx_at if client.broken else client.ticks()
        lived_ms = ticks_diff(now, client.up_at)
        short = short + 1 if lived_ms < _SHORT_MS else 0
        if not short:
            client.suspect = None
        if text is None:
            text = _suspect(client, now, denials)
        if text is None:
            text = _closed(client, lived_ms, short)
            if short and client.denied:
                _acquit(client)
    return text, short, denials


def _suspect(client, now, denials):
    """The server closed: was it for the SUBSCRIBE or PUBLISH that it had just been sent?"""
    topic_of = aws_iot.mqtt.control.topic_of
    if client.asked and client.asked[_PACKET][0] == 0x82:
        name = client.asked[_FILTERS][0]
        if len(client.asked[_FILTERS]) > 1:
            client.batch = 1  # one by one, to find which
        elif _again(client, _held(name), 2) and name in client.subs:
            aws_iot.mqtt.subscribe.refuse(client, name)
            _hold_back(client, _held(name), now)
            denials.append(Rejected(0x87, "subscribe denied? " + name))
        return "closed after SUBSCRIBE to %s: does the policy allow iot:Subscribe there?" % name
    flying = [entry for entry in client.kept if entry[_SENT] is not None]
    times = 2
    if flying:
        topic = topic_of(flying[0][_PACKET])
        if len(flying) > 1:
            client.limit = 1
            topic = None
    elif client.topic and 0 <= ticks_diff(now, client.tx_at) < _PROMPT_MS and not _worked(client, client.topic, now):
        topic = client.topic
        times = 3  # it was not kept: be surer
    else:
        return None
    told = "closed after PUBLISH to %s: does the policy allow iot:Publish there?"
    if flying and flying[0][_PACKET][0] & _RETAIN:
        told = "closed after PUBLISH to %s: does the policy allow iot:Publish and iot:RetainPublish there?"
    if topic and _again(client, topic, times):
        _hold_back(client, topic, now)
        denials.append(Rejected(0x87, "publish denied? " + str(topic, "utf-8")))
    elif not flying:
        told = (
            "closed after PUBLISH to %s: the link was cut, or does the policy allow iot:Publish there"
            " (for retained ones iot:RetainPublish)?"
        )
    return told % str(topic or topic_of(flying[0][_PACKET]), "utf-8")


def _worked(client, topic, now):
    """Whether this link has lived with a publish to ``topic`` already: AWS closes at once on what it denies."""
    since = client.sent.get(topic)
    return since is not None and not 0 <= ticks_diff(now, since) < _PROMPT_MS


def _acquit(client):
    """A link ended that carried nothing of what is held back, nor anything to suspect: it is the network, and was."""
    innocent = [what for what, held in client.denied.items() if held[_TRIED] is None]
    for what in innocent:
        del client.denied[what]
    aws_iot.mqtt.subscribe.again(client, [name for name in client.subs if _held(name) in innocent])


def _hold_back(client, what, now):
    """Not ``what`` for a while: a topic to publish to, or a filter. It may also have been a bad network."""
    if client.denied is None:
        client.denied = {}
    held = client.denied.get(what)
    delay_ms = min(4 * held[_DELAY], _DENIED_MAX_MS) if held else _DENIED_MS
    client.denied[what] = [ticks_add(now, delay_ms), delay_ms, None]


def _held(name):
    """A filter among the topics that are held back; no topic has a #."""
    return b"#" + name.encode()


def _again(client, what, times):
    """True when ``what`` alone was there at the end of each of the last ``times`` links."""
    link, count = client.stats["connects"], 1
    if client.suspect:
        suspect, before, at = client.suspect
        if suspect == what:
            count = before + (at != link)
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


def held_back(client, entry):
    """True while a kept publish waits because its topic was denied."""
    return not _allowed(client, aws_iot.mqtt.control.topic_of(entry[_PACKET]))


def refuse(client, topic):
    """StateError while ``topic`` (bytes) is held back."""
    if not _allowed(client, topic):
        raise StateError("publish denied? " + str(topic, "utf-8"))


def ask_again(client):
    """Subscribe to the filters that were held back long enough; forget what a link has lived with for a while."""
    now = client.ticks()
    for what, held in list(client.denied.items()):
        tried = held[_TRIED]
        if tried is not None and min(ticks_diff(now, tried), ticks_diff(now, client.up_at)) > _PROBATION_MS:
            del client.denied[what]
    names = [name for name, sub in client.subs.items() if sub[_STATE] == _REFUSED and _held(name) in client.denied]
    aws_iot.mqtt.subscribe.again(client, [name for name in names if _allowed(client, _held(name))])


def _allowed(client, topic):
    """False while ``topic`` is held back; the first time after that it is on probation, and alone."""
    held = client.denied.get(topic)
    if held and held[_TRIED] is None:
        now = client.ticks()
        if 0 < ticks_diff(held[_UNTIL], now) <= held[_DELAY]:  # more: the ticks have wrapped since
            return False
        held[_TRIED] = now
        client.limit = 1
    return True
