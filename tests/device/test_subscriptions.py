"""aws_iot.mqtt.subscriptions: asked for once, granted one by one, restored when the session is gone, and only then."""

import asyncio

from peer import PUBLISH, SUBSCRIBE, UNSUBSCRIBE, Peer
from samples import raises
from wire import message, suback, unsuback

from aws_iot.errors import Rejected, ResponseTimeout, StateError


def _settle(client, duration_ms=1):
    client.until(lambda: False, duration_ms)


def _reconnect(peer, client):
    peer.close_link()
    assert client.until(lambda: not client.connected, 1000)
    assert client.until(lambda: client.ready, 200000)


def test_subscribe_waits_for_suback():
    with Peer() as peer:
        client = peer.connected()
        peer.silent = (SUBSCRIBE,)
        peer.later(700, peer.say, suback(1, 1))
        begin = peer.clock.now
        client.subscribe("t", 1)
        assert (peer.clock.now - begin) & 0x3FFFFFFF == 700
        assert peer.packets(SUBSCRIBE)[0][1][-1] == 1  # QoS


def test_nothing_waits_beside_run():
    with Peer() as peer:
        client = peer.connected(window=10, queue_bytes=100)
        errors = []
        client.on_error(errors.append)
        peer.silent = (SUBSCRIBE, PUBLISH)
        begin = peer.clock.now

        async def other():
            client.subscribe("t", 1)
            raises(StateError, client.publish, "t", bytes(50), False, 1)
            client.unsubscribe("t")
            assert peer.clock.now == begin
            client.off = True

        async def main():
            task = asyncio.create_task(client.run())
            client.publish("t", bytes(50), False, 1)
            await asyncio.sleep(0)
            await other()
            await task

        asyncio.run(main())
        assert not client.coro
        assert errors == []


def test_run_once_at_a_time():
    async def main():
        task = asyncio.create_task(client.run())
        await asyncio.sleep(0)
        try:
            await client.run()
            raise AssertionError("twice")
        except StateError:
            pass
        assert client.coro
        client.off = True
        await task

    with Peer() as peer:
        client = peer.connected()
        asyncio.run(main())


def test_eight_filters_in_a_packet():
    with Peer() as peer:
        client = peer.client()
        for number in range(20):
            client.subscribe("t/%d" % number)
        client.connect()
        assert client.until(lambda: client.ready, 1000)
        assert [len(names) for names in peer.filters()] == [8, 8, 4]
        assert sorted([name for names in peer.filters() for name in names]) == sorted(client.subs)


def test_fifty_and_no_more():
    with Peer() as peer:
        client = peer.client()
        for number in range(50):
            client.subscribe("t/%d" % number)
        assert "50" in str(raises(ValueError, client.subscribe, "one/more"))
        client.subscribe("t/7", 1)  # there already
        client.unsubscribe("t/8")
        client.subscribe("one/more")


def test_what_aws_refuses_is_not_asked_for():
    with Peer() as peer:
        client = peer.connected()
        for arguments in (("",), ("a/#/b",), ("x" * 257,), ("a/b/c/d/e/f/g/h/i",), ("t", 2), ("t", -1), (None,), (7,)):
            raises(ValueError, client.subscribe, *arguments)
        assert client.subs == {}
        assert len(peer.sent) == 1


def test_refused():
    with Peer() as peer:
        client = peer.connected()
        errors = []
        client.on_error(errors.append)
        peer.codes["no"] = 0x80
        error = raises(Rejected, client.subscribe, "no")
        assert error.code == 128
        assert [str(error.message) for error in errors] == ["subscription refused: no"]
        client.subscribe("yes")
        assert client.ready


def test_one_of_many_refused():
    with Peer() as peer:
        client = peer.client()
        errors, seen = [], []
        client.on_error(errors.append)
        peer.codes["t/3"] = 0x80
        for number in range(6):
            client.subscribe("t/%d" % number, 1, lambda topic, payload: seen.append(topic))
        client.connect()
        assert client.until(lambda: client.ready, 1000)
        assert [error.message for error in errors] == ["subscription refused: t/3"]
        peer.publish("t/2", b"x")
        _settle(client)
        assert seen == ["t/2"]
        assert client.connected


def test_wrong_number_of_codes_is_a_protocol_error():
    for codes in ((1, 1), (1, 1, 1, 1)):
        with Peer() as peer:
            client = peer.client()
            for name in ("a", "b", "c"):
                client.subscribe(name)
            peer.silent = (SUBSCRIBE,)
            client.connect()
            peer.say(suback(1, *codes))
            _settle(client)
            assert not client.connected
            assert "broke the protocol" in client.cause


def test_answers_to_nothing_are_ignored():
    with Peer() as peer:
        client = peer.connected()
        client.subscribe("t")
        peer.say(suback(1, 0) + suback(77, 0, 0, 0) + unsuback(1) + unsuback(5))
        _settle(client)
        assert client.connected
        peer.silent = (SUBSCRIBE, UNSUBSCRIBE)
        client.busy = True  # as in a callback: no waiting
        client.subscribe("u")
        client.busy = False
        pid = client.asked[0]
        peer.say(suback(pid + 1, 0) + unsuback(pid))
        _settle(client)
        assert not client.ready or client.asked
        peer.say(suback(pid, 0))
        assert client.until(lambda: not client.asked, 10)


def test_answer_to_a_copy_comes_late():
    # eight filters, asked for twice since the first answer took long; the second answer comes when one is asked for
    with Peer() as peer:
        client = peer.client()
        for number in range(9):
            client.subscribe("t/%d" % number)
        peer.silent = (SUBSCRIBE,)
        client.connect()
        _settle(client, 6000)
        assert [len(names) for names in peer.filters()] == [8, 8]
        peer.say(suback(1, *[0] * 8))
        _settle(client)
        peer.say(suback(1, *[0] * 8))
        _settle(client)
        assert client.connected, client.stats
        peer.say(suback(2, 0))
        assert client.until(lambda: client.ready, 10)


def test_restored_only_without_a_session():
    with Peer() as peer:
        client = peer.connected(clean_session=False)
        client.subscribe("t")
        peer.session = True
        _reconnect(peer, client)
        assert len(peer.filters()) == 1
        peer.session = False
        _reconnect(peer, client)
        assert peer.filters() == [["t"], ["t"]]
        # a session that was not asked for is none
        client = peer.connected()
        client.subscribe("u")
        peer.session = True
        _reconnect(peer, client)
        assert peer.filters()[-1] == ["u"]


def test_messages_before_suback_are_taken():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        peer.silent = (SUBSCRIBE,)
        peer.later(10, peer.say, message("t", b"early"))
        peer.later(20, peer.say, suback(1, 0))
        client.subscribe("t", 0, lambda topic, payload: seen.append(payload))
        assert seen == [b"early"]


def test_a_handler_for_each_filter():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        for name in ("a/b", "a/+", "c/#", "$aws/things/+/x"):
            client.subscribe(name, 1, lambda topic, payload, name=name: seen.append((name, topic)))
        for topic in ("a/b", "a/c", "c/d/e", "$aws/things/t/x", "c", "x"):
            peer.publish(topic, b"")
        _settle(client)
        # AWS: c/# does not take c
        assert seen == [
            ("a/b", "a/b"), ("a/+", "a/b"), ("a/+", "a/c"), ("c/#", "c/d/e"), ("$aws/things/+/x", "$aws/things/t/x")
        ]  # fmt: skip


def test_a_shared_subscription():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        client.subscribe("$share/group/t", 1, lambda topic, payload: seen.append(topic))
        peer.publish("t", b"x", 1)
        client.poll(100)
        assert seen == ["t"]


def test_subscribing_again_changes_the_handler():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        client.subscribe("t", 0, lambda topic, payload: seen.append(1))
        client.subscribe("t", 1, lambda topic, payload: seen.append(2))
        peer.publish("t", b"")
        _settle(client)
        assert seen == [2]
        assert len(client.subs) == 1


def test_zerynths_order_of_arguments():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        client.subscribe("t", lambda topic, payload: seen.append(topic), 1)
        client.subscribe("u", lambda topic, payload: seen.append(topic))
        peer.publish("t", b"")
        peer.publish("u", b"")
        _settle(client)
        assert seen == ["t", "u"]
        assert [body[-1] for _, body in peer.packets(SUBSCRIBE)] == [1, 0]


def test_unsubscribe():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        client.subscribe("t", 0, lambda topic, payload: seen.append(payload))
        client.unsubscribe("t")
        assert len(peer.packets(UNSUBSCRIBE)) == 1
        assert client.subs == {} and client.drop == []
        peer.publish("t", b"late")
        _settle(client)
        assert seen == []
        client.unsubscribe("t")  # not there: nothing
        client.unsubscribe("never")
        assert len(peer.packets(UNSUBSCRIBE)) == 1
        raises(ValueError, client.unsubscribe, "a/#/b")


def test_unsubscribe_without_an_answer():
    with Peer() as peer:
        client = peer.connected(timeout_ms=2000)
        client.subscribe("t")
        peer.silent = (UNSUBSCRIBE,)
        raises(ResponseTimeout, client.unsubscribe, "t")
        peer.silent = ()
        assert client.until(lambda: not client.drop, 20000)


def test_subscribe_and_unsubscribe_wait_timeout_ms_once():
    with Peer() as peer:
        client = peer.connected(timeout_ms=3000)
        client.subscribe("t")
        peer.silent = (SUBSCRIBE, UNSUBSCRIBE)
        for call in (lambda: client.subscribe("u"), lambda: client.unsubscribe("t")):
            begin = peer.clock.now
            raises(ResponseTimeout, call)
            assert 3000 <= (peer.clock.now - begin) & 0x3FFFFFFF < 3100


def test_unsubscribe_offline():
    with Peer() as peer:
        client = peer.connected(clean_session=False)
        client.subscribe("t")
        client.subscribe("u")
        peer.close_link()
        _settle(client)
        client.unsubscribe("t")
        peer.session = True
        assert client.until(lambda: client.ready, 200000)
        assert len(peer.packets(UNSUBSCRIBE)) == 1  # the session still had it
        peer.close_link()
        _settle(client)
        client.unsubscribe("u")
        client.subscribe("u")
        assert client.drop == []
        peer.session = False
        assert client.until(lambda: client.ready, 200000)
        assert len(peer.packets(UNSUBSCRIBE)) == 1


def test_in_a_callback():
    with Peer() as peer:
        client = peer.connected()
        seen = []

        def handler(topic, payload):
            seen.append(topic)
            client.unsubscribe("t")
            client.subscribe("u", 0, lambda topic, payload: seen.append(topic))

        client.subscribe("t", 0, handler)
        peer.publish("t", b"")
        assert client.until(lambda: peer.filters()[-1:] == [["u"]] and not client.asked, 1000)
        assert len(peer.packets(UNSUBSCRIBE)) == 1
        peer.publish("u", b"")
        _settle(client)
        assert seen == ["t", "u"]
        assert client.ready


def test_subscribe_offline_is_asked_for_at_connect():
    with Peer() as peer:
        client = peer.client()
        client.subscribe("t")
        assert peer.sent == []
        client.connect()
        assert client.until(lambda: client.ready, 1000)
        assert peer.filters() == [["t"]]


def test_answer_to_an_earlier_subscription_is_not_the_new_one_s():
    with Peer() as peer:
        client = peer.connected()

        def handler(topic, payload):
            client.subscribe("a", 0)
            client.subscribe("a", 1)

        client.subscribe("t", 0, handler)
        peer.publish("t", b"x")
        client.until(lambda: False, 100)
        assert [body[-1] for _, body in peer.packets(SUBSCRIBE)] == [0, 0, 1]  # the QoS of each
        assert client.ready


def test_lists_as_in_zerynth_programs():
    with Peer() as peer:
        client = peer.connected()
        client.subscribe([["a", 0], ("b", 1)])
        assert peer.filters() == [["a", "b"]]
        client.unsubscribe(["a", "b"])
        assert client.subs == {} and len(peer.packets(UNSUBSCRIBE)) == 1
