"""aws_iot.mqtt.timers: what time alone makes happen, to the millisecond, on a clock that wraps meanwhile."""

from peer import CONNECT, PINGREQ, PUBLISH, SUBSCRIBE, Peer
from samples import raises
from wire import message, suback

from aws_iot.errors import ResponseTimeout

_MASK = 0x3FFFFFFF


def _since(peer, begin):
    return (peer.clock.now - begin) & _MASK


def _lost(peer, client, within_ms=100000):
    """How long it takes until the link is given up, and what is told."""
    begin = peer.clock.now
    assert client.until(lambda: not client.connected, within_ms)
    return _since(peer, begin), client.cause


def test_no_ping_without_keepalive():
    with Peer() as peer:
        client = peer.connected()
        client.until(lambda: False, 3600000)
        assert peer.packets(PINGREQ) == []
        assert client.connected


def test_pings_while_nothing_else_is_said():
    for keepalive in (2, 30, 60, 1200):
        with Peer() as peer:
            client = peer.connected(keepalive=keepalive)
            times = []
            answer = peer._answer

            def noted(first, body, times=times, answer=answer, peer=peer):
                if first == PINGREQ:
                    times.append(peer.clock.now)
                answer(first, body)

            peer._answer = noted
            begin = peer.clock.now
            client.until(lambda keepalive=keepalive: False, keepalive * 5000)
            assert client.connected
            gaps = [(after - before) & _MASK for before, after in zip([begin] + times, times)]
            assert len(gaps) >= 5
            # AWS closes after one and a half of the keep-alive
            assert max(gaps) <= keepalive * 1000, gaps
            assert min(gaps) >= keepalive * 500, gaps


def test_pings_also_while_only_this_side_talks():
    # what the local TCP takes proves nothing
    with Peer() as peer:
        client = peer.connected(keepalive=10)
        for _ in range(100):
            client.publish("t", b"x")
            client.until(lambda: False, 500)
        assert len(peer.packets(PINGREQ)) >= 4


def test_no_ping_while_both_sides_talk():
    with Peer() as peer:
        client = peer.connected(keepalive=10)
        for _ in range(50):
            client.publish("t", b"x", qos=1)
            client.until(lambda: False, 1000)
        assert peer.packets(PINGREQ) == []


def test_no_pingresp():
    with Peer() as peer:
        client = peer.connected(keepalive=60, timeout_ms=8000)
        peer.silent = (PINGREQ,)
        duration_ms, cause = _lost(peer, client)
        assert 45000 + 8000 <= duration_ms <= 45000 + 8000 + 5000, duration_ms
        assert "no PINGRESP in time" in cause
        assert len(peer.packets(PINGREQ)) == 1


def test_a_ping_of_ones_own_is_awaited_as_well():
    with Peer() as peer:
        client = peer.connected()
        peer.silent = (PINGREQ,)
        client.ping()
        duration_ms, cause = _lost(peer, client)
        assert 10000 <= duration_ms <= 15000
        assert "no PINGRESP in time" in cause
        client.ping()  # offline: nothing


def test_half_a_packet():
    with Peer() as peer:
        client = peer.connected(timeout_ms=4000)
        peer.say(message("topic", b"payload")[:9])
        duration_ms, cause = _lost(peer, client)
        assert 4000 <= duration_ms <= 9000
        assert "no rest of a packet in time" in cause


def test_half_of_a_skipped_packet():
    with Peer() as peer:
        client = peer.connected(timeout_ms=4000, packet_bytes=600)
        client.on_error(lambda error: None)
        peer.say(message("topic", bytes(2000), 5)[:1000])
        duration_ms, cause = _lost(peer, client)
        assert 4000 <= duration_ms <= 9000
        assert "no rest of a packet in time" in cause


def test_a_packet_that_comes_slowly_is_not_given_up():
    with Peer() as peer:
        client = peer.connected(timeout_ms=4000, keepalive=5)
        seen = []
        client.subscribe("topic", 0, lambda topic, payload: seen.append(payload))
        peer.silent = (PINGREQ,)  # PINGRESP queues behind the packet
        data = message("topic", b"payload")
        for at in range(len(data)):
            peer.later(1 + at * 3000, peer.say, data[at : at + 1])
        assert client.until(lambda: seen, 100000)
        assert client.stats["connects"] == 1


def test_nothing_can_be_written():
    with Peer() as peer:
        client = peer.connected(window=10, timeout_ms=6000)
        peer.room = 5
        client.publish("t", b"payload", qos=1)
        duration_ms, cause = _lost(peer, client)
        assert 6000 <= duration_ms <= 11000
        assert "no write in time" in cause
        peer.room = None
        assert client.until(lambda: not client.kept, 200000)


def test_no_puback():
    with Peer() as peer:
        client = peer.connected(window=10)
        peer.silent = (PUBLISH,)
        client.publish("t", b"x", qos=1)
        duration_ms, cause = _lost(peer, client)
        assert 15000 <= duration_ms <= 16000
        assert "no PUBACK in time" in cause
        assert len(peer.published()) == 3


def test_no_suback():
    with Peer() as peer:
        client = peer.connected(timeout_ms=100000)
        peer.silent = (SUBSCRIBE,)
        begin = peer.clock.now
        times = []
        answer = peer._answer
        peer._answer = lambda first, body: answer(first, body)
        peer.later(4000, lambda: times.append(len(peer.filters())))
        peer.later(6000, lambda: times.append(len(peer.filters())))
        peer.later(11000, lambda: times.append(len(peer.filters())))
        peer.later(14000, setattr, peer, "silent", ())
        client.subscribe("t")  # on the next connection
        assert times == [1, 2, 3]
        assert 15000 < _since(peer, begin) < 20000
        assert "no SUBACK in time" in client.cause
        assert client.stats["connects"] == 2


def test_suback_after_the_second_copy():
    with Peer() as peer:
        client = peer.connected()
        peer.silent = (SUBSCRIBE,)
        peer.later(6000, peer.say, suback(1, 0))
        client.subscribe("t")
        assert client.ready
        assert [body[:2] for _, body in peer.packets(SUBSCRIBE)] == [b"\0\1"] * 2
        peer.say(suback(1, 0))  # of the second copy
        client.until(lambda: False, 10)
        assert client.connected


def test_subscribe_ends_when_no_answer_comes():
    with Peer() as peer:
        client = peer.connected(timeout_ms=2000)
        peer.silent = (SUBSCRIBE,)
        begin = peer.clock.now
        raises(ResponseTimeout, client.subscribe, "t")
        assert _since(peer, begin) == 2000
        assert client.subs["t"]  # it goes on being asked for
        peer.silent = ()
        assert client.until(lambda: client.ready, 20000)


def test_a_link_proves_itself_after_a_while():
    with Peer() as peer:
        client = peer.connected()
        for _ in range(4):
            peer.close_link()
            client.until(lambda: not client.connected, 1000)
            client.until(lambda: client.connected, 130000)
        assert client.fails and client.short
        client.until(lambda: False, 36000)
        assert client.fails == client.short == 0


def test_hooks_are_called_now_and_then():
    with Peer() as peer:
        client = peer.connected()
        times = []
        client.on_tick(times.append)
        client.until(lambda: False, 60000)
        assert times.pop(0) is None  # all subscriptions stand
        gaps = [(after - before) & _MASK for before, after in zip(times, times[1:])]
        assert len(gaps) >= 10
        assert max(gaps) <= 6000
        assert [first for first, _ in peer.sent] == [CONNECT]


def test_frequent_pings_of_ones_own_do_not_hide_a_dead_link():
    with Peer() as peer:
        client = peer.connected(keepalive=60, timeout_ms=8000)
        peer.silent = (PINGREQ,)
        for _ in range(3):
            client.ping()
            client.until(lambda: not client.connected, 5000)
        assert "no PINGRESP in time" in client.cause
