"""aws_iot.shadow: AWS's rules for devices, against a stand-in for the service."""

from json import loads

from cloud import Cloud, updated
from peer import PUBLISH, Peer
from samples import raises
from vectors import vectors

from aws_iot.document import levels
from aws_iot.errors import Rejected, ResponseTimeout, StateError
from aws_iot.shadow import Shadow
from aws_iot.thing import Thing

_P = "$aws/things/me/shadow/"


class _Device:
    """A client with a classic shadow, connected unless told otherwise; what its callbacks got."""

    def __init__(self, peer, answer=None, connect=True, delta=True, name=None, wanted=None, **options):
        self.peer = peer
        self.deltas, self.errors = [], []
        self.answer = answer or (lambda state: state)
        options.setdefault("window", 10)
        self.client = peer.client(**options)
        self.client.on_error(self.errors.append)
        self.shadow = Shadow(self.client, "me", name, wanted)
        if delta:
            self.shadow.on_delta(self.on_delta)
        if connect:
            self.client.connect()
            self.settle()

    def on_delta(self, state):
        self.deltas.append(state)
        return self.answer(state)

    def settle(self, duration_ms=300):
        self.client.until(lambda: False, duration_ms)


def _rule(number):
    for row in vectors("shadow_device_rules"):
        if row["id"] == number:
            return row
    raise AssertionError(number)


def _sent(peer):
    """What the device published, without the requests' tokens: (topic below the shadow, document)."""
    found = []
    for topic, payload, _, _ in peer.published():
        document = loads(payload) if payload else {}
        document.pop("clientToken", None)
        found.append((topic[len(_P) :], document))
    return found


def test_r01_older_delta_is_ignored():
    rule = _rule("R01")
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer)
        cloud.say("update/delta", {"version": rule["last_version"], "timestamp": 1000, "state": {"a": 7}})
        cloud.say("update/delta", dict(rule["incoming"], timestamp=1000))
        device.settle()
        assert device.deltas == [{"a": 7}]
        assert cloud.reported == {"a": 7}
        assert device.shadow.version == rule["last_version"]
        assert device.errors == []


def test_r01_older_version_later_is_a_new_shadow():
    # AWS counts from 1 again for a shadow that was deleted 48 hours ago
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer)
        cloud.say("update/delta", {"version": 900, "timestamp": 1000, "state": {"a": 1}})
        cloud.say("update/delta", {"version": 1, "timestamp": 1000 + 48 * 3600, "state": {"a": 2}})
        device.settle()
        assert device.deltas == [{"a": 1}, {"a": 2}]


def test_r02_same_version_twice():
    rule = _rule("R02")
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer)
        for _ in range(2):
            cloud.say("update/delta", dict(rule["incoming"], timestamp=1000))
        device.settle()
        assert cloud.reported == rule["incoming"]["state"]
        assert device.deltas == [rule["incoming"]["state"]] * len(device.deltas)
        assert device.errors == []


def test_r03_conflict_is_raised_then_get_and_again():
    rule = _rule("R03")["incoming"]
    with Peer() as peer:
        cloud = Cloud(peer)
        shadow = _Device(peer, delta=False).shadow
        cloud.desire({"a": 1})
        cloud.desire({"a": 2})
        error = raises(Rejected, shadow.update, {"a": 0}, None, 1)
        assert (error.code, error.message) == (rule["code"], rule["message"])
        assert error.token
        document = shadow.get()
        assert document["state"]["delta"] == {"a": 2}
        accepted = shadow.update(document["state"]["desired"], None, document["version"])
        assert accepted["version"] == 3 == shadow.version
        assert cloud.reported == {"a": 2}


def test_r04_throttled_reports_come_again_later():
    rule = _rule("R04")["incoming"]
    delays = []
    for seed in range(1, 9):
        with Peer() as peer:
            peer._seed = seed * 7919
            cloud = Cloud(peer)
            device = _Device(peer)
            cloud.refuse["update"] = (rule["code"], rule["message"])
            cloud.desire({"a": 1})
            device.settle(1)
            begin = peer.clock.now
            assert device.client.until(lambda cloud=cloud: cloud.reported, 20000)
            delays.append((peer.clock.now - begin) & 0x3FFFFFFF)
            assert [error.code for error in device.errors] == [429]
    assert min(delays) >= 1000 and max(delays) <= 11000, delays
    assert len(set(delays)) > 4, delays  # jitter


def test_r05_answer_to_another_client():
    rule = _rule("R05")["incoming"]
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, delta=False)
        peer.service = lambda topic, payload: cloud.say("get/accepted", rule)
        raises(ResponseTimeout, device.shadow.get, 1000)
        assert device.shadow.version == rule["version"]
        assert device.client.requests == {}


def test_r06_rejected_without_token():
    rule = _rule("R06")["incoming"]
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer)
        peer.service = lambda topic, payload: cloud.say("update/rejected", rule)
        raises(ResponseTimeout, device.shadow.update, {"a": 1}, None, None, 1000)
        assert [(error.code, error.message) for error in device.errors] == [(rule["code"], rule["message"])] * 2
        assert device.client.connected


def test_r07_first_connect_order():
    assert _rule("R07")["expect"][0].startswith("SUBSCRIBE")
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, connect=False)
        peer.silent = (0x80,)
        device.client.connect()
        device.settle(1000)
        names = [_P + name for name in "update/accepted update/rejected update/delta get/accepted get/rejected".split()]
        assert [sorted(found) for found in peer.filters()] == [sorted(names)]
        assert peer.published() == []  # not before SUBACK
        peer.silent = ()
        device.settle(6000)
        assert _sent(peer) == [("get", {})]
        device.shadow.report({"a": 1})
        device.shadow.report({"b": {"c": 2}})
        device.settle()
        cloud._delete({}, {})
        peer.close_link()
        device.settle(5000)
        # 404: all that was reported is reported
        assert _sent(peer)[-2:] == [("get", {}), ("update", {"state": {"reported": {"a": 1, "b": {"c": 2}}}})]
        assert device.errors == []


def test_r07_difference_at_connect_goes_to_the_handler():
    with Peer() as peer:
        cloud = Cloud(peer)
        cloud.desire({"a": {"b": 1, "c": 2}})
        cloud._update({"state": {"reported": {"a": {"b": 1}}}}, {})
        device = _Device(peer)
        assert device.deltas == [{"a": {"c": 2}}]
        assert cloud.reported == {"a": {"b": 1, "c": 2}}
        assert _sent(peer) == [("get", {}), ("update", {"state": {"reported": {"a": {"c": 2}}}})]


def test_fetched_after_every_connect():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer)
        for number in range(3):
            peer.close_link()
            device.settle(1)
            cloud.desired["n"] = number  # while the device is away
            cloud.exists = True
            device.settle(5000)
            assert device.deltas[-1] == {"n": number}
        assert cloud.reported == {"n": 2}
        assert len(peer.filters()) == 4  # no session: subscribed each time


def test_handlers_answer():
    # None reports nothing; {} is a report, by which AWS sends the difference again: the handler is not asked again
    with Peer() as peer:
        cloud = Cloud(peer)
        answers = [None, {}, {"a": 2}]
        device = _Device(peer, answer=lambda state: answers.pop(0))
        sent = len(peer.published())
        cloud.desire({"a": 1})
        device.settle()
        assert len(peer.published()) == sent
        cloud.desire({"a": 2})
        device.settle()
        assert _sent(peer)[sent:] == [
            ("update", {"state": {"reported": {}}}),
        ]
        cloud.desire({"a": 3})
        device.settle()
        assert _sent(peer)[sent + 1 :] == [("update", {"state": {"reported": {"a": 2}}})]
        assert device.deltas == [{"a": 1}, {"a": 2}, {"a": 3}]
        assert device.errors == []


def test_handler_that_raises_or_returns_no_dict():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, answer=lambda state: 1 // state["a"])
        cloud.desire({"a": 0})
        device.settle()
        cloud.desire({"a": 1})
        device.settle()
        assert isinstance(device.errors[0], ZeroDivisionError)
        assert isinstance(device.errors[1], ValueError)  # 1 is no dict
        assert len(device.errors) == 2
        assert device.client.connected


def test_one_get_for_one_connect():
    # whatever is called first, and however soon
    for before in (True, False):
        with Peer() as peer:
            Cloud(peer)
            device = _Device(peer, delta=before, connect=before)
            if not before:
                device.client.connect()
                device.shadow.on_delta(device.on_delta)
                device.settle(10000)
            assert [topic for topic, _ in _sent(peer)].count("get") == 1, before
            other = Shadow(device.client, "me", "other")  # its own get, and no other of the first
            other.on_delta(lambda state: None)
            device.settle(4000)
            assert [topic for topic, _ in _sent(peer)] == ["get", "name/other/get"]


def _limited(state):
    """What this device reports: a limit, a float of 32 bits, members of a member."""
    answer = {name: value for name, value in state.items() if name == "led"}
    if "period" in state:
        answer["period"] = min(state["period"], 1000)
    if "lat" in state:
        answer["lat"] = 52.52001
    if "at" in state:
        answer["at"] = {name: min(value, 9) for name, value in state["at"].items()}
    return answer


def test_a_difference_that_stays_is_told_once():
    for desired in ({"period": 5000}, {"lat": 52.520008, "led": "on"}, {"at": {"x": 7, "y": 99}, "led": "on"}):
        with Peer() as peer:
            cloud = Cloud(peer)
            device = _Device(peer, answer=_limited)
            cloud.desire(desired)
            device.settle(3000)
            assert device.deltas == [desired]
            reports = len(_sent(peer))
            # nor when the program reports something else, which brings the difference back
            for number in range(3):
                device.shadow.report({"number": number})
                device.settle(100)
            assert device.deltas == [desired] and len(_sent(peer)) == reports + 3
            # what somebody else changes is told, and only that
            for led in ("off", "on", "off"):
                cloud.time += 1
                cloud.desire({"led": led})
                device.settle(1000)
                assert device.deltas[-1] == {"led": led}
                assert _sent(peer)[-1] == ("update", {"state": {"reported": {"led": led}}})
            assert len(device.deltas) == 4
            cloud.time += 1
            cloud.desire({"at": {"y": 98}})
            device.settle(1000)
            assert device.deltas[4:] == [{"at": {"y": 98}}] and cloud.reported["at"]["y"] == 9
            assert device.errors == []


def test_the_same_value_set_anew_is_told():
    for value in (5000, [1, 2], {"x": 5000}):
        with Peer() as peer:
            cloud = Cloud(peer)
            device = _Device(peer, answer=lambda state: {"other": 1})
            cloud.desire({"a": value, "b": 1})
            device.settle(1000)
            assert device.deltas == [{"a": value, "b": 1}]
            cloud.time += 5
            cloud.desire({"a": value})
            device.settle(1000)
            assert device.deltas[1:] == [{"a": value}], value


def test_a_delta_twice_and_a_get_beside_it_are_told_once():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, answer=_limited, connect=False)
        cloud.desire({"period": 5000, "led": "on"})
        take, say = cloud.take, cloud.say

        def twice(name, document):
            for _ in range(2 if name in ("update/delta", "get/accepted") else 1):
                say(name, document)

        def beside(topic, payload):
            if topic.endswith("get"):
                delta = {"state": {"period": 5000, "led": "on"}, "version": cloud.version, "timestamp": cloud.time}
                cloud.say("update/delta", delta)
            take(topic, payload)

        cloud.say, peer.service = twice, beside
        device.client.connect()
        device.settle(5000)
        reported = {"state": {"reported": {"period": 1000, "led": "on"}}}
        assert _sent(peer) == [("get", {}), ("update", reported)]
        assert device.deltas == [{"period": 5000, "led": "on"}]


def test_what_still_differs_is_told_after_a_connect():
    # as after a reset: the handler may have failed, or its report got lost
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, answer=_limited)
        cloud.desire({"period": 5000})
        device.settle(100)
        peer.close_link()
        device.settle(5000)
        assert device.deltas == [{"period": 5000}] * 2


def test_an_answer_that_is_no_json_is_told():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, answer=lambda state: {"a": float("nan")})
        cloud.desire({"a": 1})
        device.settle(3000)
        assert [type(error) for error in device.errors] == [ValueError] and str(device.errors[0])[:2] == "a:"
        assert device.shadow.reported == {} and _sent(peer) == [("get", {})]


class _Strict(Cloud):
    """Refuses as AWS does: more than 6 levels, more than ``most`` members in all.

    https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-error-messages.html
    """

    most = 100

    def take(self, topic, payload):
        state = loads(payload)["state"].get("reported", {}) if topic.endswith("/update") else {}
        if levels(state) > 6:
            self.refuse["update"] = (400, "JSON contains too many levels of nesting; maximum is 6")
        elif len(updated(self.reported, state)) > self.most:
            self.refuse["update"] = (413, "The payload exceeds the maximum size allowed")
        super().take(topic, payload)


def test_what_aws_refuses_ends_alone():
    deep = {"m": {"m": {"m": {"m": {"m": {"m": 1}}}}}}
    good = {"n%d" % number: number for number in range(9)}
    for online in (True, False):
        with Peer() as peer:
            cloud = _Strict(peer)
            device = _Device(peer, connect=online)
            device.shadow.report(good)
            device.shadow.report({"deep": deep})
            device.shadow.report({"door": "open"})
            if not online:
                device.client.connect()
            device.settle(5000)
            assert cloud.reported == dict(good, door="open"), cloud.reported
            assert len(device.errors) == 1, device.errors
            assert device.errors[0].code == 400 and "deep in reported, of 7 levels" in str(device.errors[0])
            assert device.shadow.reported == dict(good, door="open")
            assert len(device.client.schedule) == 0
            cloud._delete({}, {})
            peer.close_link()
            device.settle(5000)
            assert cloud.reported == dict(good, door="open") and len(device.errors) == 1


def test_what_is_over_the_size_of_the_shadow_ends_alone():
    with Peer() as peer:
        cloud = _Strict(peer)
        cloud.most = 5
        device = _Device(peer)
        for number in range(7):
            device.shadow.report({"n%d" % number: number})
            device.settle(100)
        device.settle(10000)
        assert len(cloud.reported) == 5 and [error.code for error in device.errors] == [413, 413], device.errors
        device.shadow.report({"n0": 8})
        device.settle(100)
        assert cloud.reported["n0"] == 8 and device.shadow.reported == cloud.reported


def test_what_is_reported_while_a_refused_member_is_looked_for_is_not_undone():
    with Peer() as peer:
        cloud = _Strict(peer)
        device = _Device(peer)
        device.shadow.report({"a": 1, "b": 1})
        device.shadow.report({"deep": {"m": {"m": {"m": {"m": {"m": {"m": 1}}}}}}})
        for number in range(200):
            device.shadow.report({"a": number})
            device.settle(7)
        device.settle(5000)
        assert cloud.reported == {"a": 199, "b": 1} and len(device.errors) == 1


def test_a_refusal_of_somebody_elses_is_told():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer)
        device.shadow.report({"a": 1})
        device.settle()
        cloud.say("update/rejected", {"code": 400, "message": "Invalid JSON"})
        device.settle(1000)
        assert [error.code for error in device.errors] == [400] and device.shadow.reported == {"a": 1}


def test_a_delta_without_room_is_fetched_once_there_is_room():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, packet_bytes=1000)
        cloud.desire({"name": 2000 * "x"})
        device.settle(5000)
        assert device.deltas == []
        told = [str(error) for error in device.errors if "update/accepted" not in str(error)]
        assert "no room for the message on $aws/things/me/shadow/update/delta: 2" in told[0], told
        assert "no room for the message on $aws/things/me/shadow/get/accepted: " in told[1], told
        device.settle(130000)  # not again and again meanwhile
        assert len(_sent(peer)) < 6, _sent(peer)
        assert peer.connections == 1 and len(peer.filters()) == 1
        device.client.reader.limit = 10000
        device.settle(61000)
        assert device.deltas == [{"name": 2000 * "x"}]


class _Finds:
    """In place of a wildcards.Match: looks for a delta's handler with ``function``."""

    def __init__(self, function):
        self.function = function

    def find(self, topic):
        return topic.endswith("delta") and self.function(topic, b"")


def test_a_delta_that_a_lack_of_memory_cost_is_fetched():
    for place in ("handler", "reader"):
        with Peer() as peer:
            cloud = Cloud(peer)
            device = _Device(peer)
            subs, left, topic = device.client.subs, [1], _P + "update/delta"
            handler, entry = subs[topic][1], subs[topic]

            def short(topic, payload, left=left, handler=handler):
                if left:
                    left.clear()
                    raise MemoryError
                handler(topic, payload)

            if place == "handler":
                entry[1] = short
            else:
                del subs[topic]
                device.client.find = _Finds(short)
            cloud.desire({"led": "on"})
            device.settle(100)
            device.client.find, entry[1], subs[topic] = None, handler, entry
            device.settle(3000)
            assert device.deltas == [{"led": "on"}], place
            assert [type(error) for error in device.errors] == [MemoryError]


def test_an_answer_that_found_no_memory_or_no_room_is_reported_once_there_is_some():
    for error in (MemoryError(), StateError("queue full")):
        for answer in (None, lambda state: dict(state, more=1.5)):  # as it was told, and otherwise
            with Peer() as peer:
                cloud = Cloud(peer)
                device = _Device(peer, answer)
                publish, left = device.client.publish, [1]

                def short(*args, publish=publish, left=left, error=error):
                    if left:
                        left.clear()
                        raise error
                    return publish(*args)

                device.client.publish = short
                cloud.desire({"led": "on"})
                device.settle(100)
                del device.client.publish
                assert not left and cloud.reported == {}
                device.settle(6000)
                assert device.deltas == [{"led": "on"}]
                want = {"led": "on"} if answer is None else {"led": "on", "more": 1.5}
                assert cloud.reported == want and device.shadow.reported == want, (cloud.reported, device.errors)
                assert [document for topic, document in _sent(peer) if topic == "update"] == [
                    {"state": {"reported": want}}
                ]


def test_an_answer_too_large_is_told_once():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer)
        device.shadow.limit = 100
        cloud.desire({"large": 200 * "x"})
        device.settle(12000)
        assert [type(error) for error in device.errors] == [ValueError], device.errors
        raises(ValueError, device.shadow.report, {"large": 200 * "x"})
        assert cloud.reported == {} and device.shadow.pending is None and device.shadow.reported == {}


def test_get_is_asked_again():
    for times in (1, 2, 3):
        with Peer() as peer:
            cloud = Cloud(peer)
            device = _Device(peer, connect=False)
            lost = [0]

            def service(topic, payload, cloud=cloud, lost=lost, times=times):
                lost[0] += 1
                if lost[0] > times:
                    cloud.take(topic, payload)

            peer.service = service
            cloud.desire({"a": 1})
            device.client.connect()
            device.settle(40000)
            gets = [topic for topic, _ in _sent(peer) if topic == "get"]
            assert len(gets) == min(times + 1, 3)
            assert (device.deltas == [{"a": 1}]) == (times < 3)
            assert [type(error) for error in device.errors] == ([ResponseTimeout] if times == 3 else [])
            assert device.client.connected


def test_get_that_is_throttled_is_asked_again():
    with Peer() as peer:
        cloud = Cloud(peer)
        cloud.desire({"a": 1})
        cloud.refuse["get"] = (429, "Too Many Requests")
        device = _Device(peer)
        device.settle(10000)
        assert device.deltas == [{"a": 1}]


def test_get_that_is_refused_is_told():
    with Peer() as peer:
        cloud = Cloud(peer)
        cloud.refuse["get"] = (403, "Forbidden")
        device = _Device(peer)
        device.settle(30000)
        assert [(error.code, error.message) for error in device.errors] == [(403, "Forbidden")]
        assert [name for name, _ in cloud.requests] == ["get"]


def test_not_what_aws_sends():
    for payload in (
        b"",
        b"no",
        b"[]",
        b"7",
        b'"text"',
        b"null",
        b'{"state":7,"version":99}',
        b'{"state":"x"}',
        b"\xff",
    ):
        with Peer() as peer:
            Cloud(peer)
            device = _Device(peer)
            for name in ("update/delta", "get/accepted", "update/accepted", "get/rejected", "update/rejected"):
                peer.publish(_P + name, payload, 3)
                device.settle(1)
            assert device.deltas == [], payload
            assert device.client.connected, payload
            assert payload[:1] == b"{" or device.errors, payload
            cloud = Cloud(peer)
            cloud.version = 100
            cloud.desire({"a": 1})
            device.settle()
            assert device.deltas == [{"a": 1}], payload


def test_delta_with_odd_members():
    for document in ({"state": None}, {"version": 1}, {}, {"state": {}}, {"version": "x", "state": {"a": 1}}):
        with Peer() as peer:
            Cloud(peer)
            device = _Device(peer)
            peer.publish(_P + "update/delta", document, 3)
            device.settle(1)
            assert device.deltas == [], document
            assert device.client.connected, document


def test_wanted_topics():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, wanted=("update/delta",))
        assert peer.filters() == [[_P + "update/delta"]]
        assert peer.published() == []  # an answer to get could not come
        cloud.desire({"a": 1})
        device.settle()
        assert device.deltas == [{"a": 1}]
        assert cloud.reported == {"a": 1}
        raises(ValueError, Shadow, device.client, "me", None, ("update/documents/#",))


def test_documents():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, delta=False)
        found = []
        device.shadow.on_documents(found.append)
        cloud.desire({"a": 1})
        device.settle()
        assert found[0]["current"]["state"]["desired"] == {"a": 1}
        assert found[0]["previous"]["state"]["desired"] == {}
        assert peer.filters() == [[_P + "update/documents"]]


def test_documents_before_the_answer():
    # they have the clientToken of the request; AWS promises no order
    held = []

    def say(name, document):
        if name == "update/accepted":
            held.append((name, document))
            return
        if name == "update/documents":
            document["clientToken"] = held[0][1]["clientToken"]
        real(name, document)
        while held:
            real(*held.pop())

    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, delta=False)
        found = []
        device.shadow.on_documents(found.append)
        real, cloud.say = cloud.say, say
        assert device.shadow.update(reported={"x": 1})["state"] == {"reported": {"x": 1}}
        assert len(found) == 1 and device.shadow.reported == {"x": 1}


def test_deleted_stays_deleted():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer)
        device.shadow.report({"x": 1})
        device.settle()
        device.shadow.delete()
        peer.close_link()
        device.settle(20000)
        assert device.client.stats["connects"] == 2 and not cloud.exists


def test_named_shadow_of_another_thing():
    with Peer() as peer:
        thing = object.__new__(Thing)  # its constructor wants a certificate
        thing.mqtt = client = peer.client()
        client.thingname = "me"
        thing.shadow = Shadow(client, "me", limit_bytes=30720)
        other = Shadow(client, "other", "settings")
        mine = thing.named_shadow("settings")
        assert mine is not other and mine is thing.named_shadow("settings")
        assert mine.limit == 30720 and other.limit == 8192


def test_requests():
    with Peer() as peer:
        cloud = Cloud(peer)
        shadow = _Device(peer, delta=False).shadow
        assert raises(Rejected, shadow.get).code == 404
        assert raises(Rejected, shadow.delete).code == 404
        accepted = shadow.update({"a": 1, "b": {"c": None}}, {"a": 2})
        assert accepted["state"] == {"reported": {"a": 1, "b": {"c": None}}, "desired": {"a": 2}}
        assert shadow.get()["state"] == {"desired": {"a": 2}, "reported": {"a": 1}, "delta": {"a": 2}}
        assert shadow.version == 1
        assert shadow.reported["a"] == 1
        assert shadow.delete()["version"] == 1
        assert not cloud.exists
        for wrong in ((), ([],), (None, 7), ("x",)):
            raises(ValueError, shadow.update, *wrong)
        raises(ValueError, shadow.report, [1])


def test_names():
    with Peer() as peer:
        client = peer.client()
        assert Shadow(client, "thing", "cfg").prefix == "$aws/things/thing/shadow/name/cfg/"
        raises(ValueError, Shadow, client, "a/b")
        raises(ValueError, Shadow, client, "thing", "a.b")
        raises(ValueError, Shadow, client, "thing", "")


def test_a_shadow_hears_only_its_own():
    with Peer() as peer:
        client = peer.connected(window=10)
        heard = []
        for name in (None, "cfg", "cfg2"):
            Shadow(client, "me", name).on_delta(lambda state, name=name: heard.append((name, state)))
        peer.publish(_P + "update/delta", {"version": 1, "state": {"a": 1}}, 2)
        peer.publish(_P + "name/cfg2/update/delta", {"version": 1, "state": {"a": 2}}, 3)
        peer.publish(_P + "name/cfg/update/delta", {"version": 1, "state": {"a": 3}}, 4)
        peer.publish(_P + "name/other/update/delta", {"version": 1, "state": {"a": 4}}, 5)
        client.until(lambda: False, 10)
        assert heard == [(None, {"a": 1}), ("cfg2", {"a": 2}), ("cfg", {"a": 3})]


def test_reports_made_offline_go_as_one():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, connect=False, delta=False)
        for number in range(100):
            device.shadow.report({"n": number, "at": {str(number % 3): number}})
        device.client.connect()
        device.settle(1000)
        assert cloud.requests == [("update", {"state": {"reported": {"n": 99, "at": {"0": 99, "1": 97, "2": 98}}}})]


def test_reports_with_a_full_window_are_merged():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, delta=False, window=2)
        peer.silent = (0x30,)  # no PUBACK, no service
        for number in range(50):
            device.shadow.report({"n": number})
        device.settle(500)
        assert len(peer.published()) == 2
        peer.silent = ()
        device.settle(12000)
        assert cloud.reported == {"n": 49}
        assert device.errors == []


def test_a_pending_report_waits_for_room_in_the_queue():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, connect=False, delta=False, queue_bytes=600)
        device.client.publish("t", bytes(500), qos=1)
        device.shadow.report({"a": "x" * 200})
        peer.silent = (0x30,)  # no PUBACK
        device.client.connect()
        device.settle(7000)
        assert device.client.connected, device.client.stats
        peer.silent = ()
        device.settle(9000)
        assert cloud.reported == {"a": "x" * 200}
        assert device.client.stats["connects"] == 1


def test_a_pending_report_that_is_too_large_is_told():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, connect=False, delta=False, queue_bytes=600)
        device.shadow.report({"a": 1, "b": "x" * 600, "c": 3})
        device.client.connect()
        device.settle(30000)
        assert device.client.connected, device.client.stats
        # what can be sent is, each member for itself
        assert cloud.reported == {"a": 1, "c": 3}
        assert [type(error) for error in device.errors] == [ValueError], device.errors


def test_reports_that_are_too_large_together_are_sent_in_parts():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, connect=False, delta=False, queue_bytes=600)
        for number in range(40):
            device.shadow.report({"member %d" % number: "x" * 20})
        device.client.connect()
        device.settle(60000)
        assert len(cloud.reported) == 40 and not device.errors, device.errors


def test_a_report_merges_when_the_queue_has_no_room():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer)
        peer.puback_ms = 3000
        for _ in range(2):
            device.client.publish("t", bytes(5080), qos=1)
        cloud.desire({"led": "on"})
        device.settle(20000)
        assert cloud.reported == {"led": "on"} and not device.errors, device.errors


def test_disconnect_sends_what_was_merged():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, delta=False)
        peer.puback_ms = 80
        for number in range(10):
            device.client.publish("data", "%d" % number, qos=1)
        device.shadow.report({"battery": 3})
        device.client.disconnect()
        assert cloud.reported == {"battery": 3}


def _one_by_one(states, before):
    for state in states:
        before = updated(before, state)
    return before


def _pruned(state):
    """Without empty objects: AWS does not say when it keeps one whose last member was deleted."""
    found = {}
    for key, value in state.items():
        value = _pruned(value) if isinstance(value, dict) else value
        if value != {}:
            found[key] = value
    return found


def test_merging_is_exact():
    # the hard cases by hand; tests/properties tries many more
    for states in (
        [{"a": 1}, {"a": None}],
        [{"a": None}, {"a": 1}],
        [{"a": {"x": 1}}, {"a": {"y": 2}}],
        [{"a": {"x": 1}}, {"a": {"x": None}}],
        [{"a": {"x": 1}}, {"a": None}],
        [{"a": None}, {"a": {"y": 2}}],
        [{"a": 5}, {"a": {"y": 2}}],
        [{"a": [1]}, {"a": {"y": 2}}, {"a": {"z": 3}}],
        [{"a": {"b": None}}, {"a": {"b": {"c": 1}}}],
        [{"a": {"b": 1}}, {"a": {"b": {"c": 1}}}, {"a": {"b": 2}}],
        [{}, {"a": {}}],
    ):
        for before in ({}, {"a": 1}, {"a": {"x": 0, "z": 9}}, {"a": {"b": {"d": 4}}}, {"a": {"b": 1}}):
            with Peer() as peer:
                cloud = Cloud(peer)
                cloud.reported = before
                device = _Device(peer, connect=False, delta=False)
                for state in states:
                    device.shadow.report(state)
                device.client.connect()
                device.settle(1000)
                assert _pruned(cloud.reported) == _pruned(_one_by_one(states, before)), (states, before)


def test_what_is_reported_is_a_copy():
    with Peer() as peer:
        cloud = Cloud(peer)
        device = _Device(peer, connect=False, delta=False)
        state = {"a": {"b": 1}}
        device.shadow.report(state)
        state["a"]["b"] = 2
        device.client.connect()
        device.settle(1000)
        assert cloud.reported == {"a": {"b": 1}}


def test_report_does_not_wait_with_a_window_of_one():
    with Peer() as peer:
        device = _Device(peer, window=1, delta=False)
        peer.silent = (PUBLISH,)
        begin = peer.clock.now
        device.shadow.report({"a": 1})
        assert peer.clock.now == begin and device.shadow.reported == {"a": 1}
        assert len(peer.published()) == 1
