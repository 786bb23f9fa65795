"""aws_iot.mqtt.group and wildcards.Match: filters that overlap, and topics that library and application both take."""

from json import dumps

from jobs_cloud import JobsService
from peer import SUBSCRIBE, UNSUBSCRIBE, Peer
from samples import raises

from aws_iot.errors import Rejected
from aws_iot.jobs import Jobs
from aws_iot.mqtt.subscriptions import register
from aws_iot.shadow import Shadow

_ORDERS = ((0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1))


def _settle(client, duration_ms=1):
    client.until(lambda: False, duration_ms)


def _listener(seen, name):
    return lambda topic, payload: seen.append((name, topic, payload))


def _say(peer, client, *messages):
    for topic, payload in messages:
        peer.publish(topic, payload)
    _settle(client)


def test_each_handler_once_in_the_order_of_subscribing():
    filters = ("a/b", "a/+", "#", "$share/group/a/b")
    for order in _ORDERS:
        with Peer() as peer:
            client = peer.connected()
            seen = []
            for index in order:
                client.subscribe(filters[index], 1, _listener(seen, filters[index]))
            client.subscribe("c", 1, _listener(seen, "c"))
            _say(peer, client, ("a/b", b"1"), ("a/c", b"2"), ("c", b"3"), ("b", b"4"))
            names = [filters[index] for index in order]
            assert [each[0] for each in seen] == (
                names + [name for name in names if name in ("a/+", "#")] + ["#", "c"] + ["#"]
            ), (order, seen)
            assert [each[2] for each in seen] == [b"1"] * 4 + [b"2"] * 2 + [b"3"] * 2 + [b"4"]


def test_one_handler_of_two_filters_is_called_once():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        handler = _listener(seen, "both")
        client.set_callback(_listener(seen, "callback"))
        for name in ("a/b", "a/+", "a/#", "+/b"):
            client.subscribe(name, 1, handler if name[0] == "a" and name != "a/#" else None)
        _say(peer, client, ("a/b", b"x"))
        assert seen == [("both", "a/b", b"x"), ("callback", b"a/b", b"x")]


def test_without_a_handler_or_a_callback_it_is_told():
    with Peer() as peer:
        client = peer.connected()
        events = []
        client.subscribe("a/+")
        client.subscribe("a/b")
        client.on_event(lambda event, value: events.append((event, value)))
        _say(peer, client, ("a/b", b"x"), ("a/b", b"x"))
        assert events == [("data", ("a/b", b"x"))]


def test_the_newest_handler_of_a_filter_has_the_place_of_the_first():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        client.subscribe("a/b", 1, _listener(seen, "old"))
        client.subscribe("a/+", 1, _listener(seen, "plus"))
        client.subscribe("a/b", 1, _listener(seen, "new"))
        _say(peer, client, ("a/b", b"x"))
        assert [each[0] for each in seen] == ["new", "plus"]
        client.unsubscribe("a/+")
        _say(peer, client, ("a/b", b"y"), ("a/c", b"y"))
        assert [each[0] for each in seen] == ["new", "plus", "new"]
        client.unsubscribe("a/b")
        _say(peer, client, ("a/b", b"z"))
        assert len(seen) == 3
        assert client.subs == {} and client.find.subs == []


def test_copies_of_a_message_count_as_one():
    """As Mosquitto 2 sends them: one for each filter, the one after the other."""
    with Peer() as peer:
        client = peer.connected()
        seen = []
        for name in ("a/b", "a/+", "#"):
            client.subscribe(name, 1, _listener(seen, name))
        for pid in (11, 12, 13):
            peer.publish("a/b", b"x", pid)
        _settle(client)
        assert [each[0] for each in seen] == ["a/b", "a/+", "#"]
        assert [body for first, body in peer.sent if first & 0xF0 == 0x40] == [bytes((0, pid)) for pid in (11, 12, 13)]
        _say(peer, client, ("a/b", b"x"))  # a fourth is a message of its own
        assert len(seen) == 6
        _say(peer, client, ("a/c", b"x"), ("a/c", b"x"), ("a/c", b"x"))
        assert len(seen) == 6 + 2 * 2
        assert client.stats["received"] == 7


def test_what_is_no_copy_is_handed_on():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        for name in ("a/b", "a/+"):
            client.subscribe(name, 1, _listener(seen, name))
        client.subscribe("c", 1, lambda topic, payload: None)

        def heard(*messages):
            seen.clear()
            _say(peer, client, *messages)
            _settle(client, 1000)
            return [each[2] for each in seen]

        assert heard(("a/b", b"x"), ("a/b", b"x")) == [b"x"] * 2
        assert heard(("a/b", b"x"), ("a/b", b"y"), ("a/b", b"x")) == [b"x", b"x", b"y", b"y", b"x", b"x"]
        assert heard(("a/b", b"x"), ("c", b"x"), ("a/b", b"x")) == [b"x"] * 4
        assert heard(("a/b", b"x"), ("a/c", b"x"), ("a/b", b"x")) == [b"x"] * 5
        assert heard(("a/c", b"x"), ("a/c", b"x")) == [b"x"] * 2  # one filter takes it: two messages
        seen.clear()
        peer.publish("a/b", b"x")
        peer.later(501, peer.publish, "a/b", b"x")
        peer.later(900, peer.publish, "a/b", b"x")
        _settle(client, 1000)
        assert len(seen) == 4
        client.unsubscribe("a/+")
        assert heard(("a/b", b"x"), ("a/b", b"x")) == [b"x"] * 2


def test_a_filter_that_was_refused_brings_no_copy():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        peer.codes["a/+"] = 0x80
        client.subscribe("a/b", 1, _listener(seen, "a/b"))
        raises(Rejected, client.subscribe, "a/+", 1, _listener(seen, "a/+"))
        _say(peer, client, ("a/b", b"x"), ("a/b", b"x"))
        assert len([1 for each in seen if each[0] == "a/b"]) == 2


def test_with_copies_all_are_handed_on():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        client.subscribe("a/b", 1, _listener(seen, "all"), copies=True)
        client.subscribe("a/+", 1, _listener(seen, "once"))
        _say(peer, client, ("a/b", b"x"), ("a/b", b"x"))
        assert [each[0] for each in seen] == ["all", "once", "all"]


def test_a_handler_that_waits_takes_nothing_from_the_next():
    with Peer() as peer:
        client = peer.connected()
        seen = []

        def slow(topic, payload):
            seen.append(("slow", topic, payload))
            client.until(lambda: False, 50)

        client.subscribe("a/+", 1, slow)
        client.subscribe("a/b", 1, lambda topic, payload: seen.append(("raw", topic, bytes(payload))), raw=True)
        client.subscribe("a/#", 1, _listener(seen, "last"))
        _say(peer, client, ("a/b", b"one"), ("a/b", b"one"), ("a/b", b"two"))
        for name in ("slow", "raw", "last"):
            assert [each[2] for each in seen if each[0] == name] == [b"one", b"two"], (name, seen)


def test_what_one_handler_raises_costs_no_other():
    with Peer() as peer:
        client = peer.connected()
        errors, seen = [], []
        client.on_error(errors.append)

        def broken(error):
            def handler(topic, payload):
                raise error

            return handler

        client.subscribe("a/+", 1, broken(KeyError("mine")))
        client.subscribe("a/#", 1, broken(MemoryError()), raw=True)
        for mine in (OSError(5), MemoryError()):  # of the library's own handlers
            register(client, ["a/b"], broken(mine))
        client.subscribe("a/b", 1, _listener(seen, "a/b"))
        _say(peer, client, ("a/b", b"x"))
        assert [type(error) for error in errors] == [OSError, KeyError, MemoryError, MemoryError]
        assert len(seen) == 1 and client.connected


def test_a_shadow_s_topics_are_the_application_s_as_well():
    for first in (True, False):
        with Peer() as peer:
            client = peer.connected()
            shadow = Shadow(client, "me")
            deltas, seen = [], []
            if first:
                shadow.on_delta(deltas.append)
            for name in ("update/delta", "get/accepted"):
                client.subscribe(shadow.prefix + name, 0, _listener(seen, name))
            if not first:
                shadow.on_delta(deltas.append)
            shadow.on_delta(deltas.append)  # again: not twice
            peer.service = lambda topic, payload: topic.endswith("/get") and peer.publish(
                topic + "/accepted", {"state": {"desired": {"b": 2}}, "version": 5, "clientToken": _token(payload)}
            )
            delta = {"version": 4, "state": {"a": 1}}
            _say(peer, client, (shadow.prefix + "update/delta", delta))
            assert deltas == [{"a": 1}]
            assert [each[2] for each in seen] == [dumps(delta).encode()]
            assert shadow.get()["version"] == 5
            assert [each[0] for each in seen] == ["update/delta", "get/accepted"]
            asked = [body for _, body in peer.packets(SUBSCRIBE) if b"update/delta" in body]
            assert asked[-1][asked[-1].index(b"update/delta") + 12] == 1  # the library's QoS
            client.unsubscribe([shadow.prefix + "update/delta", shadow.prefix + "get/accepted"])
            client.unsubscribe(shadow.prefix + "update/rejected")  # never the application's
            assert peer.packets(UNSUBSCRIBE) == []
            _say(peer, client, (shadow.prefix + "update/delta", {"version": 6, "state": {"a": 2}}))
            assert deltas == [{"a": 1}, {"a": 2}]
            assert len(seen) == 2


def _token(payload):
    at = payload.find(b'"clientToken": "') + 16
    return str(payload[at : payload.find(b'"', at)], "utf-8")


def test_a_request_before_the_shadow_takes_no_topic_from_it():
    with Peer() as peer:
        client = peer.connected()
        shadow, deltas = Shadow(client, "me"), []
        answer = {"version": 3, "state": {"desired": {"a": 1}, "delta": {"a": 1}}}
        peer.service = lambda topic, payload: topic.endswith("/get") and peer.publish(
            topic + "/accepted", dict(answer, clientToken=_token(payload)) if payload else answer
        )
        assert client.request(shadow.prefix + "get")["version"] == 3
        shadow.on_delta(deltas.append)
        _settle(client, 1000)
        assert deltas == [{"a": 1}]


def test_a_log_of_all_topics_takes_no_job_away():
    for first in (True, False):
        with Peer() as peer:
            client = peer.client()
            client.thingname = "me"
            client.mqtt = client  # a thing as far as Jobs looks
            service, seen, ran = JobsService(peer, status="none"), [], []
            if first:
                client.subscribe("$aws/things/me/jobs/#", 1, _listener(seen, "log"))
                client.subscribe("$aws/things/me/jobs/notify", 1, _listener(seen, "notify"))
            jobs = Jobs(client)
            jobs.handle("work", lambda job, ran=ran: ran.append(job.id))
            if not first:
                client.subscribe("$aws/things/me/jobs/#", 1, _listener(seen, "log"))
                client.subscribe("$aws/things/me/jobs/notify", 1, _listener(seen, "notify"))
            client.connect()
            _settle(client, 1000)
            assert ran == []
            service.end("QUEUED")
            _settle(client, 1000)
            assert ran == ["1"] and service.status == "SUCCEEDED"
            assert [name for name, topic, _ in seen if topic.endswith("notify")] == ["log", "notify"]
            assert [topic for name, topic, _ in seen if "accepted" in topic and name == "log"]


def test_ctrl_c_in_a_handler_of_the_library_leaves_the_client_at_work():
    with Peer() as peer:
        client = peer.connected()
        seen = []

        def stop(topic, payload):
            if payload == b"1":
                raise KeyboardInterrupt

        client.subscribe("a/#", 1, _listener(seen, "mine"))
        register(client, ["a/b"], stop)
        _settle(client)
        raises(KeyboardInterrupt, lambda: _say(peer, client, ("a/b", b"1")))
        assert not client.busy
        _say(peer, client, ("a/b", b"2"))
        assert seen[-1] == ("mine", "a/b", b"2")
