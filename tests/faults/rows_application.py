"""What the application itself does wrong, or merely does; and what the cloud sends it."""

import asyncio
import json

from tests.harness import broker_packets as mqtt
from tests.harness.broker_faults import Present, Withhold
from tests.harness.broker_shadow import BrokerShadow

from . import law
from .row import ENDED, Row, traffic

_DELTA = "$aws/things/device/shadow/update/delta"
_JUMP_S = 3600


def _callback(name, does, device=None, **row):
    return Row(f"callback {name}", program="callback", device={"does": does, **(device or {})}, **row)


def _all_acknowledged(run):
    """Each message was acknowledged, whatever became of it in the application."""
    assert not run.broker.sessions["device"].inflight, "not acknowledged"


async def _more(run):
    """The callback subscribed: the new filter works."""
    device = await run.start()
    await device.says("ready")
    await run.tell("told-0")
    await device.until(lambda: "more/#" in run.broker.sessions["device"].filters, "the subscription")
    await run.tell("more", "more/x")
    await traffic(run)


async def _unsubscribed(run):
    device = await run.start()
    await device.says("ready")
    await run.tell("told-0")
    await device.until(lambda: "in/#" not in run.broker.sessions["device"].filters, "the end of the subscription")
    await run.tell("unheard", qos=0)
    await device.says("puback", count=3)
    await run.settled()
    await run.finish()
    assert not device.heard("got", payload="unheard")


async def _queued_behind(run):
    """The callback asks the shadow while twelve more messages arrive: all are taken, in order, after its answer."""
    device = await run.start()
    await device.says("ready")
    for index in range(13):
        await run.tell(f"told-{index}")
    said = await device.says("shadow")
    assert said["version"] == 1, said
    await device.says("got", payload="told-12")
    order = [said["payload"] for said in device.heard("got")]
    assert order == [f"told-{index}" for index in range(13)], order
    await device.says("puback", count=3)
    await run.settled()
    await run.finish()


def _service(run):
    return run.broker.services[0]


async def _overlapping(run):
    """Of filters that overlap each handler has each message once, in the order of subscribing, over a lost link, too;
    and the shadow has its deltas though the application listens to them."""
    device, prefix = await run.start(), "$aws/things/device/shadow/"
    for link in range(2):
        await device.says("ready", count=link + 1)
        await device.until(lambda link=link: _service(run).gets > link, "the get")
        await _answered(run)
        for index in range(4):
            await run.tell(f"told-{link}-{index}")
            state = {"n": 4 * link + index}
            await _service(run).desire_on(run.broker, state)
            await device.until(lambda state=state: _service(run).reported == state, "its report")
        await device.until(lambda: not law.outstanding(run), "all messages")
        await _answered(run)
        run.broker.live()[0].close()
    await device.says("ready", count=3)
    await _answered(run)
    await run.finish()
    told = [f"told-{link}-{index}" for link in range(2) for index in range(4)]
    heard = device.heard("got") + device.heard("heard")
    for topic_filter in ("in/#", "in/+", "in/x"):
        found = [said["payload"] for said in heard if said.get("by", "in/#") == topic_filter]
        assert found == told, f"{topic_filter}: {found}"
    order = [said.get("by", "in/#") for said in device.said if said["e"] in ("got", "heard") and "told" in str(said)]
    assert order == ["in/#", "in/+", "in/x"] * len(told), order
    states = [said["state"] for said in device.heard("delta")]
    assert states == [{"n": index} for index in range(8)], states
    deltas = [[said for said in heard if said.get("by") == each and said["topic"] == _DELTA]
              for each in (prefix + "#", prefix + "update/delta")]  # fmt: skip
    assert [len(each) for each in deltas] == [8, 8], deltas


async def _delta_without_memory(run):
    """A delta comes while the application holds all memory: it is fetched as soon as there is room."""
    device = await run.start()
    await device.says("ready")
    await run.tell("told-0")
    await device.says("hoarding")
    await _service(run).desire_on(run.broker, {"large": "x" * 3000})
    freed = await device.says("freed")
    assert not device.heard("delta"), "there was room for it"
    await device.until(lambda: _service(run).reported.get("large"), "the report")
    assert device.heard("delta")[-1]["ms"] - freed["ms"] < 6000, device.heard("delta")
    await traffic(run)


async def _deltas(run):
    """200 deltas in a row, each of which the device reports."""
    device = await run.start()
    await device.says("ready")
    service = _service(run)
    for index in range(200):
        await service.desire_on(run.broker, {"n": index})
    await device.until(lambda: service.reported.get("n") == 199, "the last value reported")
    await _answered(run)
    await run.finish()
    _all_acknowledged(run)


async def _answered(run):
    """The device has the answer to its get, and acknowledged that too: it would cross the end of the device."""
    session = run.broker.sessions["device"]
    await run.device.until(lambda: _service(run).gets and not session.inflight, "all PUBACKs")


async def _delta(run, version, state):
    await run.broker.publish(_DELTA, json.dumps({"version": version, "timestamp": 1, "state": state}).encode(), 1)


async def _out_of_order(run):
    device = await run.start()
    await device.says("ready")
    for version, value in ((5, "five"), (7, "seven"), (6, "six"), (7, "seven"), (4, "four"), (8, "eight")):
        await _delta(run, version, {"v": value})
    await device.says("delta", state={"v": "eight"})
    values = [said["state"]["v"] for said in device.heard("delta")]
    assert [value for value in values if value in ("five", "six", "four")] == ["five"], f"stale: {values}"
    assert values[-1] == "eight"
    await run.finish()


def _payload(name, payload, error=True, **row):
    """One bad delta costs one error; the next one works on the same connection. No error: a runtime may digest it."""

    async def script(run):
        device = await run.start()
        await device.says("ready")
        await run.broker.publish(_DELTA, payload, 1)
        await _delta(run, 90, {"good": 1})
        await device.says("delta", state={"good": 1})
        await _answered(run)
        await run.finish()
        errors = device.heard("error")
        assert len(errors) == 1 or not error and not errors, errors
        _all_acknowledged(run)

    return _shadow(name, script=script, connects=1, device={"answers": "none"}, **row)


def _shadow(name, **row):
    services = row.pop("services", lambda: [BrokerShadow()])
    return Row(name, program="shadow", services=services, **row)


def _deep(levels):
    return b'{"version":50,"state":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


async def _wide(run):
    """8 KB of desired members."""
    device = await run.start()
    await device.says("ready")
    state = {f"member{index:03d}": "x" * 60 for index in range(100)}
    await _delta(run, 60, state)
    await device.says("delta", version=60)
    await run.finish()


async def _lied_to(run):
    """At reconnect the server has forgotten everything and says that it kept it. What the cloud wanted meanwhile comes
    all the same, on this very link: the get that stays without an answer makes the device subscribe again."""
    device = await run.start()
    await device.says("ready")
    await device.until(lambda: _service(run).gets, "the first get")
    run.broker.sessions.clear()
    await _service(run).desire_on(run.broker, {"meanwhile": 1})
    run.broker.live()[0].close()
    await device.says("delta", state={"meanwhile": 1})
    await _service(run).desire_on(run.broker, {"later": 2})
    await device.until(lambda: _service(run).reported == {"meanwhile": 1, "later": 2}, "both reported")
    await run.finish()


def _not_mixed(run):
    """Each task's filters stand as it left them; each packet was whole, or the broker would have ended the link."""
    filters = set(run.broker.sessions["device"].filters)
    kept = {f"{name}/{index}" for name in "fg" for index in range(10) if index % 2 or index == 10}
    assert filters == kept | {"in/#", "ctl"}, filters
    assert {packet.payload.split(b".")[0] for packet in run.broker.published} >= {
        b"%s-%d" % (name, index) for name in (b"one", b"two") for index in range(10)
    }


def _refusing(code, retried):
    async def script(run):
        device = await run.start()
        await device.says("ready")
        if retried:
            await device.until(lambda: _service(run).gets >= 2, "the get asked again")
        else:
            await device.says("error")
        await _service(run).desire_on(run.broker, {"after": code})
        await device.says("delta", state={"after": code})
        await run.finish()

    return _shadow(
        f"shadow get refused: {code}",
        script=script,
        services=lambda: [BrokerShadow(refuse={"get": (code, "refused by the test")})],
        error=None if retried else "refused by the test",
        connects=1,
    )


async def _silent_service(run):
    """Nobody answers: the request ends in its time, the device goes on."""
    device = await run.start()
    await device.says("ready")
    await run.order(do="request", timeout_ms=8000)
    said = await device.says("answer")
    assert not said["ok"]
    begin = device.heard("ready")[0]["ms"]
    assert said["ms"] - begin < 9_000, f"took {said['ms'] - begin} ms"
    await run.finish()


async def _no_memory_in_publish(run):
    device = await run.start()
    await device.says("ready")
    await run.order(do="publish_large", size=25000 if run.runtime == "mp32" else 45000)
    await device.says("memory")
    await traffic(run)


async def _jump(run):
    """The clock jumps: no message is lost, and the link stands or comes back by itself."""
    device = await run.start()
    await device.says("puback")
    await run.order(do="jump", ms=_JUMP_S * 1000 * (-1 if "back" in run.row.name else 1))
    await asyncio.sleep(2)
    await traffic(run)


async def _wrap(run):
    """Keep-alive and resending go on when the ticks wrap, two seconds into the program."""
    await run.start()
    await run.device.says("ready")
    await asyncio.sleep(20)
    await traffic(run)


_MANY_KEYS = b'{"version":50,"state":{' + b",".join(b'"k%d":1' % n for n in range(10000)) + b"}}"


async def _lost_without_memory(run):
    """The link ends while the application holds all memory: the library comes back when there is some again."""
    device = await run.start()
    await device.says("ready")
    await run.tell("told-0")
    await device.says("hoarding")
    run.broker.live()[0].close(reset=True)
    await device.until(lambda: len(run.broker.links) > 1, "a second link")
    await device.says("freed")
    await traffic(run)


async def _handshake_without_memory(run):
    """The TLS link ends while the application holds all memory: no handshake has room. There is some again: it has."""
    device = await run.start()
    await device.says("ready")
    await run.tell("told-0")
    await device.says("hoarding")
    run.broker.live()[0].close(reset=True)
    await device.says("freed")
    assert len(device.heard("connected")) == 1, "there was room for a handshake"
    await device.says("connected", count=2)
    await traffic(run)


def _polls_on(event):
    return Row(
        f"poll() in the callback of '{event}'",
        program="callback",
        device={"does": "publishes", "polls_on": event},
        connects=1,
    )


ROWS = [
    *(
        Row(
            f"overlapping filters, {'a copy for each' if copies else 'one message for all'}",
            program="overlap",
            script=_overlapping,
            services=lambda: [BrokerShadow()],
            copies=copies,
            tells=0,
            device={"publishes": 0},
            cause="closed by the server after | closed after PUBLISH to $aws/things/device/shadow/get: the link",
        )
        for copies in (True, False)
    ),
    _callback(
        "holds all memory while a delta comes",
        does="hoards",
        device={"hoard_ms": 6000, "left": 4, "deltas": True},
        script=_delta_without_memory,
        services=lambda: [BrokerShadow()],
        runtimes=("mp64", "mp32"),
        connects=1,
        growth_bytes=10240,  # the setting itself, once desired and once reported
        slow="the collector runs without end while the application holds all memory",
        error="no room for the message | memory allocation",  # or none to read it either
    ),
    *(_polls_on(event) for event in ("connecting", "connected", "ready", "puback")),
    _callback(
        "holds all memory while the link is lost",
        does="hoards",
        device={"hoard_ms": 6000},
        script=_lost_without_memory,
        runtimes=("mp64", "mp32"),
        heap="112k",
        growth_bytes=8192,
        slow="the collector runs without end while the application holds all memory",
        cause=ENDED,
    ),
    _callback(
        "holds all memory: none for the TLS handshake",
        does="hoards",
        device={"hoard_ms": 6000, "publishes": 0, "left": 2, "again": True},
        script=_handshake_without_memory,
        tls=("good",),
        runtimes=("mp64", "mp32"),
        heap="112k",
        cause=ENDED,
        growth_bytes=8192,
        slow="the collector runs without end while the application holds all memory",
    ),
    _callback("raises", does="raises", error="a bug in the application", connects=1, check=_all_acknowledged),
    _callback("publishes", does="publishes", connects=1, check=_all_acknowledged),
    _callback("subscribes", does="subscribes", script=_more, connects=1),
    _callback("unsubscribes itself", does="unsubscribes", script=_unsubscribed, connects=1),
    _callback(
        "waits on the shadow, more arrives", does="asks", script=_queued_behind, connects=1, services=lambda: [_known()]
    ),
    _callback(
        "waits on a shadow that never answers",
        does="asks",
        services=lambda: [BrokerShadow(silent=True)],
        connects=1,
        slow="a callback that waits for the shadow is the application's own wait",
    ),
    Row(
        "four tasks publish and subscribe at once beside run()",
        program="tasks",
        drivers=("async",),
        device={"each": 10, "size": 60, "options": {"window": 10, "queue_bytes": 8000}},
        growth_bytes=6144,  # ten filters more than at the first ready link
        connects=1,
        check=_not_mixed,
    ),
    _callback("disconnects", does="disconnects", drivers=("poll",)),
    _callback(
        "runs for longer than the keep-alive",
        does="blocks",
        device={"block_ms": 12000, "keepalive": 10},
        slow="the callback itself takes 12 s",
    ),
    _callback(
        "takes all memory",
        does="hungers",
        runtimes=("mp64", "mp32"),
        heap="80k",
        connects=1,
        error="memory alloc",
        check=_all_acknowledged,
        slow="the callback itself fills the heap",
    ),
    Row(
        "no memory to publish",
        program="callback",
        script=_no_memory_in_publish,
        runtimes=("mp64", "mp32"),
        heap="96k",
        connects=1,
        device={"options": {"window": 10, "queue_bytes": 100000}},
        slow="the order to publish is taken at the heap's end, where collections are long",
    ),
    _shadow("200 deltas in a row, each reported", script=_deltas, connects=1),
    _shadow("deltas out of order and repeated", script=_out_of_order, connects=1, device={"answers": "none"}),
    _payload("delta that is not JSON", b"\x00\xff no JSON"),
    _payload("delta cut in the middle", b'{"version":50,"state":{"a":'),
    _payload("delta that is empty", b""),
    _payload("delta that is a list", b"[1,2]"),
    _payload("delta that is a number", b"7"),
    _payload("delta without state", b'{"version":50}', error=False),
    _payload("delta whose state is a list", b'{"version":50,"state":[1]}'),
    _payload("delta whose version is text", b'{"version":"x","state":{"a":1}}'),
    _payload("delta whose version is null", b'{"version":null,"state":{"a":1}}'),
    _payload("delta 40 levels deep", _deep(40), error=False, growth_bytes=8000),  # it is remembered that it was told
    # Python 3.12 and newer count C's calls apart from Python's: they read it
    _payload("delta 2000 levels deep", _deep(2000), error=False, heap="256k"),
    _payload("60,000 brackets", b"[" * 60000, heap="256k"),
    _payload(
        "delta of 10,000 keys",
        _MANY_KEYS,
        error=False,
        heap="4m",
        growth_bytes=600000,
        slow="json.loads of 10,000 keys is one call",
    ),
    _payload("delta of 10,000 keys, heap of a board", _MANY_KEYS, runtimes=("mp64", "mp32")),
    _payload("a number of 400 digits", b'{"version":50,"state":{"n":' + b"9" * 400 + b"}}", error=False),
    _payload("1e999 and 2**80", b'{"version":50,"state":{"a":1e999,"b":1208925819614629174706176}}', error=False),
    _payload("duplicate keys and \\u0000", b'{"version":50,"state":{"a":1,"a":2,"b\\u0000":3}}', error=False),
    _payload("delta of bad UTF-8", b'{"version":50,"state":{"a":"\xc3\x28"}}', error=False),
    _shadow(
        "delta of 8 KB, small heap",
        script=_wide,
        heap="112k",
        runtimes=("mp32",),
        connects=1,
        device={"answers": "none"},
        growth_bytes=20000,
    ),
    _shadow(
        "shadow: session present is a lie at reconnect",
        script=_lied_to,
        faults=lambda: [Present(True, links=[1])],
        connects=2,
        cause="closed after PUBLISH to $aws/things/device/shadow/get: the link was cut | closed by the server after",
    ),
    _refusing(400, False),
    _refusing(413, False),
    _refusing(429, True),
    _refusing(500, True),
    _shadow(
        "shadow never answers",
        script=_silent_service,
        services=lambda: [BrokerShadow(silent=True)],
        connects=1,
        raises="no answer to",
        slow="the request is the application's own wait",
    ),
    Row("clock jumps forward an hour", script=_jump, device={"publishes": 5}),
    Row("clock jumps back an hour", script=_jump, device={"publishes": 5}),
    Row(
        "ticks wrap",
        script=_wrap,
        faults=lambda: [Withhold(mqtt.PUBACK, times=1)],
        device={"ticks": -2000, "keepalive": 6},
        connects=1,
    ),
]


def _known():
    service = BrokerShadow()
    service.exists, service.version = True, 1
    return service
