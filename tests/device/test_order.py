"""What is newer stays newer: the order of reports and publishes when answers are late, refused or missing."""

from cloud import Cloud
from peer import PUBLISH, Peer
from samples import raises

from aws_iot import shadow_pending
from aws_iot.errors import Rejected, StateError
from aws_iot.shadow import Shadow


def _device(peer, delta=None, **options):
    """A stand-in for the shadow service, a client that has been connected for a second, and its shadow."""
    cloud = Cloud(peer)
    options.setdefault("window", 10)
    client = peer.client(**options)
    shadow = Shadow(client, "me")
    if delta:
        shadow.on_delta(delta)
    client.connect()
    client.until(lambda: False, 1000)
    return cloud, client, shadow


def _agree(cloud, client, shadow, expected):
    """After a minute the cloud has what the device believes that it has."""
    client.until(lambda: False, 60000)
    assert cloud.reported == shadow.reported == expected, (cloud.reported, shadow.reported)
    assert shadow.pending is None and not client.kept


def test_a_copy_of_a_report_goes_out_after_a_newer_report():
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        peer.puback_ms = 5500
        shadow.report({"x": 1})
        client.until(lambda: False, 3000)
        peer.puback_ms = 2500
        shadow.report({"x": 2})
        _agree(cloud, client, shadow, {"x": 2})
        assert [document["state"]["reported"]["x"] for _, document in cloud.requests[:3]] == [1, 2, 1]


def test_a_copy_of_a_report_goes_out_after_an_update():
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        peer.puback_ms = 6000
        shadow.report({"x": 1})
        shadow.update(reported={"x": 2})
        _agree(cloud, client, shadow, {"x": 2})


def _slow_update(peer, cloud, shadow):
    """An update whose answer takes 300 ms; after 100 a callback reports what is newer."""
    take, say = peer.service, cloud.say

    def slow(topic, payload):
        answers = []
        cloud.say = lambda *answer: answers.append(answer) if "accepted" in answer[0] else say(*answer)
        take(topic, payload)
        cloud.say = say
        for answer in answers:
            peer.later(300, say, *answer)

    peer.service = slow
    peer.later(100, peer.publish, "door", b"", 7)
    shadow.update(reported={"door": "closed"})
    peer.service = take


def test_a_report_while_an_update_waits_is_newer():
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        client.subscribe("door", 1, lambda topic, payload: shadow.report({"door": "open"}))
        _slow_update(peer, cloud, shadow)
        _agree(cloud, client, shadow, {"door": "open"})
        shadow.report({"door": "ajar"})  # report() is what it was before
        _agree(cloud, client, shadow, {"door": "ajar"})


def test_an_update_in_a_callback_while_an_update_waits_is_newer():
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        client.subscribe("door", 1, lambda topic, payload: shadow.update(reported={"door": "open"}))
        _slow_update(peer, cloud, shadow)
        _agree(cloud, client, shadow, {"door": "open"})


def test_a_report_while_an_update_waits_is_newer_also_after_429():
    with Peer() as peer:
        cloud, client, shadow = _device(peer, lambda state: None)
        client.subscribe("door", 1, lambda topic, payload: shadow.report({"door": "open"}))
        cloud.refuse["update"] = (429, "slow down")
        shadow.report({"y": 1})
        assert client.until(lambda: shadow.hold is not None, 2000)
        _slow_update(peer, cloud, shadow)
        _agree(cloud, client, shadow, {"door": "open", "y": 1})


def test_an_update_while_a_report_waits_after_429():
    with Peer() as peer:
        cloud, client, shadow = _device(peer, lambda state: None)
        cloud.refuse["update"] = (429, "slow down")
        shadow.report({"x": 1})
        assert client.until(lambda: shadow.hold is not None, 1000)
        shadow.update(reported={"x": 2})
        _agree(cloud, client, shadow, {"x": 2})


def test_a_report_that_waits_does_not_undo_the_update_after_it():
    with Peer() as peer:
        cloud, client, shadow = _device(peer, window=1)
        peer.puback_ms = 200
        shadow.report({"door": "ajar"})
        shadow.report({"door": "open"})  # waits for the PUBACK, which comes before the answer to the update
        _slow_update(peer, cloud, shadow)
        _agree(cloud, client, shadow, {"door": "closed"})


def test_what_is_reported_once_more_does_not_undo_the_update_that_waits():
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        shadow.report({"door": "open", "x": 1})
        client.until(lambda: False, 1000)

        def again(topic, payload):
            shadow_pending.repeat(shadow)
            shadow_pending.flush(shadow)

        client.subscribe("door", 1, again)
        _slow_update(peer, cloud, shadow)
        _agree(cloud, client, shadow, {"door": "closed", "x": 1})


def test_an_update_does_not_take_the_place_of_a_report_that_waits_to_delete():
    with Peer() as peer:
        cloud, client, shadow = _device(peer, window=1)
        peer.puback_ms = 200
        shadow.report({"lamp": {"on": True}})
        shadow.report({"lamp": None})  # waits
        shadow.update(reported={"lamp": {"level": 3}})
        _agree(cloud, client, shadow, {"lamp": {"level": 3}})


def _cut(peer, client, shadow=None, state=None):
    """The link is lost, and with it what ``shadow`` reports just before that."""
    peer.silent = (PUBLISH,)
    if shadow:
        shadow.report(state)
    peer.close_link()
    while client.connected:
        client.poll(100)


def test_a_copy_of_a_report_before_an_update_and_a_newer_report():
    # after the cut both reports go out, in order; what lay between them is to be told again
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        peer.puback_ms = 3000
        shadow.report({"x": 1})
        shadow.update(reported={"x": 2})
        _cut(peer, client, shadow, {"y": 1})
        peer.silent = ()
        _agree(cloud, client, shadow, {"x": 2, "y": 1})


def test_a_copy_of_a_report_before_one_that_was_acknowledged_first():
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        peer.puback_ms = 3000
        shadow.report({"x": 1})
        peer.puback_ms = 1
        shadow.report({"x": 2})
        client.until(lambda: False, 100)
        _cut(peer, client, shadow, {"y": 1})
        peer.silent = ()
        _agree(cloud, client, shadow, {"x": 2, "y": 1})


def test_reports_in_flight_are_not_told_again_as_a_whole():
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        shadow.report({"a": 1})
        peer.silent = (PUBLISH,)
        for number in range(3):
            shadow.report({"b": number})
        _cut(peer, client, shadow, {"b": 3})
        peer.silent = ()
        _agree(cloud, client, shadow, {"a": 1, "b": 3})
        assert [document["state"]["reported"] for _, document in cloud.requests[1:]] == [{"b": n} for n in range(4)]


def test_what_was_reported_before_a_delete_does_not_make_the_shadow_anew():
    for puback_ms in (200, 6000):  # the second waits; or the first has a second copy
        with Peer() as peer:
            cloud, client, shadow = _device(peer, window=1)
            peer.puback_ms = puback_ms
            shadow.report({"x": 1})
            shadow.report({"y": 1})
            shadow.delete()
            _agree(cloud, client, shadow, {})
            assert not cloud.exists


def test_what_is_reported_while_a_delete_waits_is_newer():
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        client.subscribe("door", 1, lambda topic, payload: shadow.report({"door": "open"}))
        shadow.report({"door": "ajar", "x": 1})
        client.until(lambda: False, 100)
        take, lost = peer.service, []

        def service(topic, payload):
            if lost or not topic.endswith("/delete"):
                take(topic, payload)
            else:
                lost.append(topic)  # the first copy of the request

        peer.service = service
        peer.later(1000, peer.publish, "door", b"", 7)  # what is reported then goes with the second copy
        shadow.delete()
        _agree(cloud, client, shadow, {"door": "open"})


def test_a_get_that_finds_no_shadow_while_a_delete_waits():
    with Peer() as peer:
        cloud, client, shadow = _device(peer, lambda state: None)
        shadow.report({"x": 1})
        client.until(lambda: False, 100)
        shadow.delete()
        _cut(peer, client, shadow, {"y": 1})
        peer.later(100, setattr, peer, "silent", ())
        assert raises(Rejected, shadow.delete, 20000).code == 404
        _agree(cloud, client, shadow, {})
        assert not cloud.exists


def test_a_delete_that_is_refused_loses_nothing():
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        peer.silent = (PUBLISH,)
        shadow.report({"x": 1})
        client.publish("$aws/things/me/shadow/update", {"state": {"desired": {"y": 1}}}, qos=1)
        peer.silent = ()
        cloud.refuse["delete"] = (403, "Forbidden")
        assert raises(Rejected, shadow.delete).code == 403
        _agree(cloud, client, shadow, {"x": 1})
        assert cloud.desired == {"y": 1}


def test_a_publish_to_the_shadows_topic_is_no_report():
    # sent twice, it is not followed by an empty report
    with Peer() as peer:
        cloud, client, _ = _device(peer)
        peer.puback_ms = 6000
        client.publish("$aws/things/me/shadow/update", {"state": {"desired": {"y": 1}}}, qos=1)
        client.until(lambda: False, 60000)
        assert [document["state"] for _, document in cloud.requests] == 2 * [{"desired": {"y": 1}}]


def test_a_report_in_the_ready_callback_goes_after_those_that_wait():
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        peer.silent = (PUBLISH,)
        shadow.report({"x": 1})
        peer.close_link()
        while client.connected:
            client.poll(100)
        peer.silent = ()
        client.on_event(lambda event, value: event == "ready" and shadow.report({"x": 2}))
        _agree(cloud, client, shadow, {"x": 2})


def test_a_publish_in_the_ready_callback_goes_after_those_that_wait():
    with Peer() as peer:
        client = peer.client(window=10)
        for text in ("0", "1", "2"):
            client.publish("t", text, qos=1)
        client.on_event(lambda event, value: event == "ready" and client.publish("t", "new", qos=1))
        client.connect()
        assert client.until(lambda: not client.kept, 5000)
        assert [payload for _, payload, _, _ in peer.published()] == [b"0", b"1", b"2", b"new"]


def test_a_publish_in_the_puback_callback_goes_after_those_that_wait():
    # cut with several in flight: after that they go one by one at first
    left = [1]

    def tell(event, value):
        if event == "ready":
            shadow.report({"x": "old"})
        if event == "puback" and left:
            left.pop()
            client.publish("t", "new", qos=1)
            shadow.report({"x": "new"})

    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        peer.silent = (PUBLISH,)
        for text in ("0", "1"):
            client.publish("t", text, qos=1)
        client.on_event(tell)
        peer.close_link()
        while client.connected:
            client.poll(100)
        peer.silent = ()
        before = len(peer.published())
        _agree(cloud, client, shadow, {"x": "new"})
        assert [entry[1] for entry in peer.published()[before:] if entry[0] == "t"] == [b"0", b"1", b"new"]


def test_reports_while_another_topic_is_denied():
    # ten messages fill the window, all of them held back
    with Peer() as peer:
        cloud, client, shadow = _device(peer)
        client.on_error(lambda error: None)
        peer.deny(PUBLISH, b"telemetry")
        for _ in range(10):
            client.publish("telemetry", "x", qos=1)
        assert client.until(lambda: client.denied, 60000) and client.until(lambda: client.ready, 60000)
        shadow.report({"x": 1})
        client.until(lambda: False, 20000)
        assert cloud.reported == {"x": 1} and len(client.kept) == 10


def _full(peer, delta=None):
    """A shadow with a report that waits: the window is full, and so, nearly, is the queue. PUBACKs come after 3 s."""
    cloud, client, shadow = _device(peer, delta, queue_bytes=345, window=2)
    peer.puback_ms = 3100
    for _ in range(2):
        client.publish("t", bytes(150), qos=1)
    shadow.report({"a": 5})
    assert shadow.pending
    return cloud, client, shadow


def test_a_handler_reports_while_a_report_waits_for_room():
    answers = [{"h": 7}]
    with Peer() as peer:
        cloud, client, shadow = _full(peer, lambda state: answers.pop() if answers else None)
        peer.later(1000, cloud.desire, {"d": 1})
        shadow.report({"a": {"b": 1}})  # not to be merged exactly: the earlier one goes first
        _agree(cloud, client, shadow, {"a": {"b": 1}, "h": 7})


def test_a_report_that_cannot_be_merged_nor_wait_is_refused():
    with Peer() as peer:
        cloud, client, shadow = _full(peer)
        client.timeout_ms = 2000
        error = raises(StateError, shadow.report, {"a": {"b": 1}})
        assert "cannot be merged with it exactly" in str(error)
        _agree(cloud, client, shadow, {"a": 5})


def test_a_report_in_a_callback_does_not_wait():
    errors = []
    with Peer() as peer:
        cloud, client, shadow = _full(peer)
        client.on_error(errors.append)
        begin = peer.clock.now
        client.call(shadow.report, {"a": {"b": 1}})
        assert peer.clock.now == begin and isinstance(errors[0], StateError)
        _agree(cloud, client, shadow, {"a": 5})
