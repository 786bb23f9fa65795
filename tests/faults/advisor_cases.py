"""The test cases of AWS IoT Core Device Advisor by their own names, with their pass rules and configuration.

https://docs.aws.amazon.com/iot/latest/developerguide/device-advisor-tests.html
"""

import asyncio
import json

from aws_iot_tools.things.policy import least_privilege

from tests.harness import broker_packets as mqtt
from tests.harness.broker_faults import CloseAfter, Silence, Withhold

from .advisor import FAIL, NAME, PASS, TRIGGER, WARN, Trial, judged, run_case

# https://docs.aws.amazon.com/iot/latest/developerguide/transport-security.html
_RECOMMENDED = {0x1301, 0x1302, 0xC02B, 0xC02F}
_SUPPORTED = _RECOMMENDED | {0x1303, 0xC02C, 0xC030, 0xC023, 0xC024, 0xC027, 0xC028, 0xC009, 0xC00A, 0xC013, 0xC014}
_SUPPORTED |= {0x009C, 0x009D, 0x003C, 0x003D, 0x002F, 0x0035}
_SIGNALLING = {0x00FF, 0x5600}  # no suites: renegotiation info, fallback
_ALERT = 21  # TLS record type
_ATTEMPTS = 8  # of 5 to 10


def _verdict(good, note=""):
    return (PASS if good else FAIL), note


async def tls_connect(runtime):
    async with Trial(runtime) as trial:
        return _verdict(await trial.until(lambda: trial.broker.links))


async def tls_fragments(runtime):
    async with Trial(runtime) as trial:
        await trial.subscribed()
        await trial.broker.publish(TRIGGER, bytes(60_000), 1)
        inflight = trial.link().session.inflight
        return _verdict(await trial.until(lambda: not inflight), "60 KB in records of 16 KB")


async def tls_suites(runtime):
    async with Trial(runtime) as trial:
        await trial.until(lambda: trial.broker.links)
        hello = trial.ears[0].heard[9:]
        at = 35 + hello[34]
        size = int.from_bytes(hello[at : at + 2], "big")
        offered = {int.from_bytes(hello[i : i + 2], "big") for i in range(at + 2, at + 2 + size, 2)} - _SIGNALLING
        others = len(offered - _SUPPORTED)
        note = f"{len(offered & _RECOMMENDED)} recommended, {others} that AWS does not have"
        if not offered & _SUPPORTED:
            return FAIL, note
        return (WARN if others or not offered & _RECOMMENDED else PASS), note


async def tls_large(runtime):
    async with Trial(runtime, tls=("large",)) as trial:
        return _verdict(await trial.until(lambda: trial.broker.links), "certificate of over 8 KB")


def _distrusts(kind):
    async def case(runtime):
        async with Trial(runtime, tls=(kind,)) as trial:
            closed = await trial.until(lambda: trial.relay.ended)
            if trial.broker.links or not closed:
                return FAIL, "the handshake was completed"
            alert = bytes((_ALERT, 3, 3)) in trial.ears[0].heard
            return (PASS if alert or not kind.startswith("expired") else WARN), "alert" if alert else "closed, no alert"

    return case


async def connect(runtime):
    async with Trial(runtime) as trial:
        return _verdict(await trial.until(lambda: trial.packets(mqtt.CONNECT)))


async def connect_jitter(runtime):
    withheld = [*range(5), *range(6, 11)]
    faults = [Withhold(mqtt.CONNACK, links=withheld), CloseAfter(mqtt.SUBACK, links=[5])]
    async with Trial(runtime, faults) as trial:
        if not await trial.until(lambda: len(trial.packets(mqtt.CONNECT)) >= 12, 480):
            return FAIL, f"{len(trial.packets(mqtt.CONNECT))} CONNECTs"
        return _worse(judged(trial.waits()[:5]), judged(trial.waits()[6:11]))


def _worse(*rounds):
    """The verdict on several rounds: that of the worst."""
    notes = "; ".join(note for _, note in rounds)
    return max((verdict for verdict, _ in rounds), key=[PASS, WARN, FAIL].index), notes


async def connect_exponential(runtime):
    async with Trial(runtime, [Withhold(mqtt.CONNACK)]) as trial:
        if not await trial.until(lambda: len(trial.packets(mqtt.CONNECT)) >= 6, 240):
            return FAIL, f"{len(trial.packets(mqtt.CONNECT))} CONNECTs"
        verdict, note = judged(trial.waits()[:5])
        return _verdict(verdict != FAIL, note)


async def reconnect_disconnected(runtime):
    async with Trial(runtime, [Withhold(mqtt.CONNACK, links=range(5, 99))]) as trial:
        for count in range(5):
            await trial.until(lambda count=count: len(trial.broker.links) > count and trial.broker.links[count].session)
            await asyncio.sleep(10)
            trial.broker.links[count].close()
        await trial.until(lambda: len(trial.packets(mqtt.CONNECT)) >= 7, 480)
        return judged(trial.waits()[:5])


async def reconnect_unstable(runtime):
    async with Trial(runtime, [CloseAfter(mqtt.CONNACK, times=5)]) as trial:
        await trial.until(lambda: len(trial.packets(mqtt.CONNECT)) >= 6, 240)
        if not await trial.subscribed(300):
            return FAIL, "not subscribed afterwards"
        return judged(trial.waits()[:5])


async def publish(runtime):
    async with Trial(runtime) as trial:
        found = await trial.until(lambda: [p for p in trial.broker.published if p.topic == f"dt/{NAME}/sample"])
        return _verdict(found and json.loads(found[0].payload) == {"sample": 1})


async def publish_again(runtime):
    async with Trial(runtime, [Withhold(mqtt.PUBACK)]) as trial:

        def twice():
            ids = [p.pid for p in trial.broker.published if p.topic == f"dt/{NAME}/sample"]
            return len(ids) > 1 and ids

        ids = await trial.until(twice, 240)
        same = ids and ids[0] == ids[1] and len(trial.broker.links) == 1
        return _verdict(same, "same connection, same id" if same else "not sent again there")


async def publish_retained(runtime):
    async with Trial(runtime) as trial:
        return _verdict(await trial.until(lambda: [p for p in trial.broker.published if p.retain]))


async def puback(runtime):
    async with Trial(runtime) as trial:
        await trial.subscribed()
        for size in (0, 1024, 131072):
            await trial.broker.publish(TRIGGER, bytes(size), 1)
            inflight = trial.link().session.inflight
            if not await trial.until(lambda inflight=inflight: not inflight):
                return FAIL, f"no PUBACK for {size} bytes"
        return PASS, "0, 1 and 128 KB"


async def subscribe(runtime):
    async with Trial(runtime) as trial:
        return _verdict(await trial.subscribed())


async def subscribe_again(runtime):
    async with Trial(runtime, [Withhold(mqtt.SUBACK)]) as trial:
        packets = await trial.until(
            lambda: len(trial.packets(mqtt.SUBSCRIBE)) > 1 and trial.packets(mqtt.SUBSCRIBE), 240
        )
        return _verdict(packets and packets[0].pid == packets[1].pid and len(trial.broker.links) == 1)


async def no_answers(runtime):
    async with Trial(runtime, [Silence(mqtt.SUBSCRIBE)]) as trial:
        await trial.until(lambda: trial.packets(mqtt.SUBSCRIBE))
        ended = await trial.until(lambda: trial.broker.links[0].closed_at, 1.5 * 230 + 30)
        return _verdict(ended and trial.broker.links[0].ended_by == "client", "the device disconnected")


def _session(keeps):
    async def case(runtime):
        async with Trial(runtime) as trial:
            link = await trial.subscribed()
            await asyncio.sleep(3)
            if keeps:
                link.close()
                await trial.until(lambda: link.closed_at)
                await trial.broker.publish(TRIGGER, b"stored", 1)
            else:
                trial.broker.sessions.clear()
                link.close()
            await trial.until(lambda: trial.link() not in (None, link), 240)
            await trial.subscribed()
            if not keeps:
                await trial.broker.publish(TRIGGER, b"new session", 1)
            later = trial.broker.links[-1]
            done = await trial.until(lambda: later.sent(mqtt.PUBACK) and not later.session.inflight)
            again = bool(later.sent(mqtt.SUBSCRIBE))
            return _verdict(done and again != keeps, "subscribed again" if again else "no second SUBSCRIBE")

    return case


async def shadow_report(runtime):
    async with Trial(runtime) as trial:
        return _verdict(await trial.until(lambda: trial.shadow.reported == {"status": "online"}))


async def shadow_update(runtime):
    async with Trial(runtime) as trial:
        await trial.subscribed()
        await trial.shadow.desire_on(trial.broker, {"color": "green", "level": {"red": 7}})
        wanted = trial.shadow.desired

        def applied():
            return all(trial.shadow.reported.get(key) == value for key, value in wanted.items())

        return _verdict(await trial.until(applied), "reported == desired")


async def job(runtime):
    async with Trial(runtime) as trial:
        done = await trial.until(lambda: trial.jobs.statuses[-1] == "SUCCEEDED", 180)
        return _verdict(done, " -> ".join(trial.jobs.statuses))


async def policies(runtime):
    """The policy that `thing add` gives a certificate: no wildcard action, no resource that is all of a kind."""
    document = json.loads(least_privilege("arn:aws:iot:eu-west-1:123456789012"))
    broad = []
    for statement in document["Statement"]:
        actions, resources = statement["Action"], statement["Resource"]
        broad += [action for action in ([actions] if isinstance(actions, str) else actions) if "*" in action]
        broad += [
            name for name in resources if name.endswith((":topic/*", ":topicfilter/*", ":client/*")) or name == "*"
        ]
    return _verdict(not broad, f"too broad: {broad}" if broad else "the policy of `thing`")


async def long_duration(runtime):
    """The basic operations, of which those not sent again within 15 s are warned of; then the scenarios one by one."""
    faults = [Withhold(mqtt.PUBACK, times=1), Withhold(mqtt.SUBACK, times=1)]
    async with Trial(runtime, faults) as trial:
        link = await trial.subscribed()
        warnings = [await _sent_again(trial, link, kind) for kind in (mqtt.SUBSCRIBE, mqtt.PUBLISH)]
        notes = [await scenario(trial) for scenario in _SCENARIOS]
        if problems := [note for note in notes if note and not note.startswith(PASS)]:
            return FAIL, ", ".join(problems)
        if warnings := [warning for warning in warnings if warning]:
            return WARN, ", ".join(warnings)
        return PASS, f"{len(trial.broker.links)} connections, back-off {notes[-2].removeprefix(PASS).strip()}"


async def _sent_again(trial, link, kind):
    """The first QoS 1 packet of this kind got no answer: under its id it must be there again within 15 s."""

    def copies():
        packets = [packet for packet in link.sent(kind) if packet.pid]
        return [packet for packet in packets if packet.pid == packets[0].pid]

    await trial.until(lambda: len(copies()) > 1, 60)
    found, name = copies(), mqtt.NAMES[kind]
    if len(found) < 2:
        return f"{name} not sent again"
    wait = found[1].at - found[0].at
    return None if wait <= 15 else f"{name} sent again after {wait:.1f} s"


async def _puback_qos_1(trial):
    session = trial.broker.sessions[NAME]
    await trial.broker.publish(TRIGGER, b"small", 1)
    return None if await trial.until(lambda: not session.inflight) else "no PUBACK"


async def _large_payload(trial):
    await trial.broker.publish(TRIGGER, bytes(100_000), 1)
    session = trial.broker.sessions[NAME]
    return None if await trial.until(lambda: not session.inflight) else "no PUBACK for 100 KB"


async def _reconnects(trial):
    for count in range(3):
        link = await trial.until(trial.link, 300)
        await asyncio.sleep(1 + 7 * count)
        link.close(reset=count % 2 == 0)
        await trial.until(lambda link=link: link.closed_at)
    return None if await trial.until(trial.link, 300) else "did not come back"


async def _keep_alive(trial):
    link = trial.link()
    fault = Silence(mqtt.PINGREQ, links=[link.index])
    trial.broker.faults.append(fault)
    begin = asyncio.get_running_loop().time()
    closed_at = await trial.until(lambda: link.closed_at, 120)
    return None if closed_at and closed_at - begin <= 120 else "unanswered PINGREQ not noticed"


async def _persistent_session(trial):
    """A message comes while the device is away: it is taken, and nothing is subscribed to again."""
    link = await trial.until(trial.link, 300)
    link.close()
    await trial.until(lambda: link.closed_at)
    await trial.broker.publish(TRIGGER, b"stored", 1)
    later = await trial.until(trial.link, 300)
    if not await trial.until(lambda: later.sent(mqtt.PUBACK) and not later.session.inflight):
        return "no PUBACK for the stored message"
    if later.connect.clean:
        return "CleanSession is 1"
    return "subscribed again in a kept session" if later.sent(mqtt.SUBSCRIBE) else None


async def _reconnect_backoff(trial):
    """BACKOFF_CONNECTION_ATTEMPTS without CONNACK: what kind of back-off is it?"""
    link = await trial.until(trial.link, 300)
    first = len(trial.broker.links)
    trial.broker.faults.append(Withhold(mqtt.CONNACK, links=range(first, first + _ATTEMPTS)))
    link.close()
    if not await trial.until(lambda: len(trial.broker.links) > first + _ATTEMPTS, 600):
        return f"{len(trial.broker.links) - first} attempts"
    verdict, note = judged(trial.waits(first)[:_ATTEMPTS])
    return f"{PASS} {note}" if verdict != FAIL else f"back-off {note}"


async def _long_outage(trial):
    await trial.broker.stop()
    await asyncio.sleep(60)
    await trial.broker.start()
    return None if await trial.until(trial.link, 300) else "did not come back after an outage"


_SCENARIOS = (
    _puback_qos_1,
    _large_payload,
    _persistent_session,
    _keep_alive,
    _reconnects,
    _reconnect_backoff,
    _long_outage,
)

# (id, in the qualification set, case or why it does not apply)
CASES = [
    ("TLS_Connect", True, tls_connect),
    ("TLS_Receive_Maximum_Size_Fragments", True, tls_fragments),
    ("TLS_Support_AWS_IoT_Cipher_Suites", True, tls_suites),
    ("TLS_Large_Size_Server_Cert", True, tls_large),
    ("TLS_Unsecure_Server_Cert", True, _distrusts("stranger")),
    ("TLS_Incorrect_Subject_Name_Server_Cert", True, _distrusts("misnamed")),
    ("TLS_Expired_Server_Cert", True, _distrusts("expired12")),
    ("MQTT_Connect", True, connect),
    ("MQTT_Connect_Jitter_Backoff_Retries", True, connect_jitter),
    ("MQTT_Connect_Exponential_Backoff_Retries", False, connect_exponential),
    ("MQTT_Reconnect_Backoff_Retries_On_Server_Disconnect", False, reconnect_disconnected),
    ("MQTT_Reconnect_Backoff_Retries_On_Unstable_Connection", False, reconnect_unstable),
    ("MQTT_Publish", True, publish),
    ("MQTT_Publish_Retry_No_Puback", False, publish_again),
    ("MQTT_Publish_Retained_Messages", False, publish_retained),
    ("MQTT_Publish_User_Property", False, "user properties are MQTT 5; this client speaks 3.1.1"),
    ("MQTT_Client_Puback_QoS1", False, puback),
    ("MQTT_Subscribe", True, subscribe),
    ("MQTT_Subscribe_Retry_No_Suback", False, subscribe_again),
    ("MQTT_No_Ack_PingResp", False, no_answers),
    ("MQTT_Persistent_Session_Happy_Case", False, _session(True)),
    ("MQTT_Expired_Persistent_Session", False, _session(False)),
    ("Shadow_Publish_Reported_State", False, shadow_report),
    ("Shadow_Update_Reported_State", False, shadow_update),
    ("Job_Execution", False, job),
    ("Security_Device_Policies", False, policies),
    ("MQTT_Long_Duration", False, long_duration),
]


def played(index, runtime):
    """One case by its number, in a process of a pool; -> (verdict, note)."""
    return run_case(CASES[index][2], runtime)
