"""aws_iot.mqtt: nothing that was accepted is lost, nothing hangs, and umqtt.simple's contracts hold."""

from peer import CONNECT, DISCONNECT, PUBACK, PUBLISH, SUBSCRIBE, Peer
from samples import NoMemoryFor, raises
from wire import message, puback

import aws_iot.mqtt
from aws_iot.errors import LinkError, ResponseTimeout

_MASK = 0x3FFFFFFF


def _settle(client, duration_ms=1):
    client.until(lambda: False, duration_ms)


def _events(client):
    """What on_event gets from now on."""
    found = []
    client.on_event(lambda name, value: found.append((name, value)))
    return found


# -- umqtt.simple's contracts


def test_connect_says_whether_the_session_was_kept():
    with Peer() as peer:
        client = peer.client()
        assert client.connect() is False
        peer.session = True
        assert client.connect(clean_session=False) is True
        assert client.connect(True) is False
        assert [body[7] & 2 for _, body in peer.packets(CONNECT)] == [2, 0, 2]


def test_connect_carries_will_user_and_keepalive():
    with Peer() as peer:
        client = peer.client(user="u", password="p", keepalive=60)
        client.set_last_will("gone", b"x", retain=True, qos=1)
        client.connect()
        body = peer.packets(CONNECT)[0][1]
        assert body == b"\0\4MQTT\4\xee\0\x3c\0\2me\0\4gone\0\1x\0\1u\0\1p"


def test_callback_gets_bytes():
    with Peer() as peer:
        client = peer.client()
        found = []
        client.set_callback(lambda topic, msg: found.append((topic, msg)))
        client.connect()
        client.subscribe(b"a/#")
        peer.publish("a/b", b"hi", 0)
        peer.publish("a/\u00e9", b"\xff", 7)
        client.check_msg()
        assert found == [(b"a/b", b"hi"), (b"a/\xc3\xa9", b"\xff")]
        assert peer.packets(PUBACK) == [(0x40, b"\0\7")]


def test_wait_msg_waits():
    with Peer() as peer:
        client = peer.connected()
        found = []
        client.set_callback(lambda topic, msg: found.append(msg))
        peer.later(5000, peer.publish, "t", b"late")
        begin = peer.clock.now
        client.wait_msg()
        assert found == [b"late"]
        assert (peer.clock.now - begin) & _MASK == 5000
        assert not client.check_msg()


def test_what_tls_may_still_hold_is_read_before_waiting():
    # the buffer was filled to its end: more may be decrypted already, which no poll() of the raw socket shows
    with Peer() as peer:
        client = peer.connected()
        found = []
        client.set_callback(lambda topic, msg: found.append(len(msg)))
        first = message("t", bytes(506), 0)
        assert len(first) == 512
        peer.say(first + message("t", b"second", 0))
        peer.readable = lambda: False  # TLS has taken all from the raw socket
        begin = peer.clock.now
        client.poll(1000)
        assert found == [506]
        client.poll(1000)
        assert found == [506, 6] and peer.clock.now == begin
        peer.say(message("t", b"third", 0))
        client.poll(1000)  # nothing can be there any more: the raw socket is waited for
        assert (peer.clock.now - begin) & _MASK == 1000


def test_arguments_that_no_broker_takes():
    with Peer() as peer:
        for client_id, options in (
            ("", {}), ("x" * 129, {}), ("\u00e9" * 65, {}), ("c", {"keepalive": -1}), ("c", {"keepalive": 65536}),
            ("c", {"window": 0}),
        ):  # fmt: skip
            raises(ValueError, lambda client_id=client_id, options=options: peer.client(client_id, **options))
        peer.client("x" * 128, keepalive=65535)


# -- publishing


def test_qos_1_waits_for_its_puback_when_the_window_is_one():
    with Peer() as peer:
        client = peer.connected()
        assert client.publish("t", b"x", qos=1) == 1
        assert client.kept == []
        peer.silent = (PUBLISH,)
        begin = peer.clock.now
        raises(ResponseTimeout, client.publish, "t", b"kept", False, 1)
        assert (peer.clock.now - begin) & _MASK == 10000
        assert len(client.kept) == 1
        peer.silent = ()
        assert client.until(lambda: not client.kept, 60000)


def test_qos_1_offline_is_queued_and_goes_out_in_order():
    with Peer() as peer:
        client = peer.client(window=4)
        pids = [client.publish("t", str(number), qos=1) for number in range(40)]
        assert len(set(pids)) == 40
        client.connect()
        assert client.until(lambda: not client.kept, 1000)
        assert [entry[1] for entry in peer.published()] == [str(number).encode() for number in range(40)]
        assert [entry[2] for entry in peer.published()] == pids
        assert [entry[3] for entry in peer.published()] == [0x32] * 40
        assert client.queued == 0


def test_the_window_bounds_what_is_in_flight():
    with Peer() as peer:
        client = peer.connected(window=3)
        peer.silent = (PUBLISH,)
        pids = [client.publish("t", b"x", qos=1) for _ in range(10)]
        assert len(peer.published()) == 3
        peer.say(puback(pids[1]))  # out of order
        _settle(client)
        assert len(peer.published()) == 4
        peer.say(puback(pids[0]) + puback(pids[1]) + puback(999) + puback(pids[0]))  # one of ours
        _settle(client)
        assert len(peer.published()) == 5
        assert len(client.kept) == 8


def test_copies_carry_dup_and_the_same_packet_id():
    # Device Advisor: a second and a third copy within 15 s; then the link is given up
    with Peer() as peer:
        client = peer.connected(window=10, clean_session=False)
        peer.silent = (PUBLISH,)
        times = []
        for _ in range(3):
            count = len(peer.published())
            if not times:
                client.publish("t", b"x", qos=1)
            client.until(lambda count=count: len(peer.published()) > count, 20000)
            times.append(peer.clock.now)
        assert [(times[1] - times[0]) & _MASK, (times[2] - times[1]) & _MASK] == [5000, 5000]
        assert [entry[2:] for entry in peer.published()] == [(1, 0x32), (1, 0x3A), (1, 0x3A)]
        client.until(lambda: not client.connected, 20000)
        assert "no PUBACK in time" in client.cause
        assert client.stats["resent"] == 2
        # and again on the next connection, where the session was kept
        peer.session, peer.silent = True, ()
        assert client.until(lambda: not client.kept, 200000)
        assert peer.published()[-1][2:] == (1, 0x3A)


def test_packet_ids_wrap_around_what_is_in_flight():
    with Peer() as peer:
        client = peer.connected(window=100, queue_bytes=100000)
        peer.silent = (PUBLISH, SUBSCRIBE)
        client.publish("t", b"1", qos=1)
        client.publish("t", b"2", qos=1)
        client.pid = 65533
        pids = [client.publish("t", b"x", qos=1) for _ in range(6)]
        assert pids == [65534, 65535, 3, 4, 5, 6]
        client.busy = True  # as in a callback: subscribe() does not wait
        client.pid = 65535
        client.subscribe("s")
        client.busy = False
        asked = client.asked[0]
        assert asked == 7
        client.pid = 65535
        assert [client.publish("t", b"x", qos=1) for _ in range(2)] == [8, 9]
        assert 0 not in [entry[2] for entry in peer.published()]
        peer.say(puback(3) + puback(1))
        _settle(client)
        client.pid = 65535
        assert [client.publish("t", b"x", qos=1) for _ in range(3)] == [1, 3, 10]


def test_sixty_five_thousand_publishes():
    with Peer() as peer:
        client = peer.connected(window=10)
        client.pid = 65000
        found = []
        for _ in range(1200):
            found.append(client.publish("t", b"", qos=1))
            peer.sent.clear()
            _settle(client)
        assert found[534:537] == [65535, 1, 2]
        assert client.kept == []


# -- receiving


def test_acknowledged_before_the_callback_and_once():
    with Peer() as peer:
        client = peer.connected(window=10)
        seen = []

        def handler(topic, payload):
            seen.append(payload)
            raise RuntimeError("mine")

        errors = []
        client.on_error(errors.append)
        client.subscribe("t", 1, handler)
        for number in range(3):
            peer.publish("t", b"%d" % number, 10 + number)
        _settle(client)
        assert seen == [b"0", b"1", b"2"]
        assert [str(error) for error in errors] == ["mine"] * 3
        assert [body for _, body in peer.packets(PUBACK)] == [b"\0\x0a", b"\0\x0b", b"\0\x0c"]
        assert client.connected
        assert client.stats["errors"] == 3


def test_two_hundred_messages_whose_handler_publishes():
    with Peer() as peer:
        client = peer.connected(window=10)
        depth = [0, 0]

        def handler(topic, payload):
            depth[0] += 1
            depth[1] = max(depth)
            client.publish("answer", payload, qos=1)
            depth[0] -= 1

        client.subscribe("t", 1, handler)
        for number in range(200):
            peer.publish("t", b"%d" % number, number + 1)
        assert client.until(lambda: len(peer.published()) == 200 and not client.kept, 5000)
        assert [entry[1] for entry in peer.published()] == [b"%d" % number for number in range(200)]
        assert depth[1] == 1


def test_poll_in_a_callback_queues_the_others():
    with Peer() as peer:
        client = peer.connected()
        order = []

        def handler(topic, payload):
            order.append(("in", payload))
            if payload == b"0":
                _settle(client, 50)
            order.append(("out", payload))

        client.subscribe("t", 1, handler)
        for number in range(3):
            peer.publish("t", b"%d" % number, number + 1)
        _settle(client, 100)
        assert order == [(way, b"%d" % number) for number in range(3) for way in ("in", "out")]


def test_a_callback_that_waits_for_long_leaves_the_rest_to_the_peer():
    with Peer() as peer:
        client = peer.connected()
        seen, waiting = [], []

        def handler(topic, payload):
            seen.append(payload)
            if len(seen) == 1:
                client.until(lambda: False, 2000)
                waiting.append(len(client.later))

        client.subscribe("t", 0, handler)
        for number in range(200):
            peer.publish("t", b"%d" % number)
        assert client.until(lambda: len(seen) == 200, 10000)
        assert seen == [b"%d" % number for number in range(200)]
        assert waiting[0] < 100, waiting


def test_a_message_over_the_limit_costs_itself():
    with Peer() as peer:
        client = peer.connected(packet_bytes=1000)
        seen, errors = [], []
        client.on_error(errors.append)
        client.subscribe("t", 1, lambda topic, payload: seen.append(payload))
        peer.publish("t", bytes(2000), 5)
        peer.publish("t", b"small", 6)
        _settle(client, 10)
        assert seen == [b"small"]
        assert [str(error) for error in errors] == ["no room for the message on t: 2008 bytes"]
        assert len(peer.packets(PUBACK)) == 2


def test_messages_that_nobody_handles_are_events():
    with Peer() as peer:
        client = peer.connected()
        found = _events(client)
        peer.publish("t", b"x", 5)
        _settle(client)
        assert found == [("data", ("t", b"x"))]
        assert len(peer.packets(PUBACK)) == 1


def test_raw_handlers_see_the_buffer():
    with Peer() as peer:
        client = peer.connected()
        seen = []
        client.subscribe("t", 0, lambda topic, payload: seen.append((type(payload), bytes(payload))), raw=True)
        peer.publish("t", b"x")
        _settle(client)
        assert seen == [(memoryview, b"x")]


def test_what_comes_with_connack_is_taken():
    with Peer() as peer:
        client = peer.client(clean_session=False)
        peer.session = True
        seen = []
        client.subscribe("t", 1, lambda topic, payload: seen.append(payload))
        answer = peer._answer

        def with_more(first, body):
            answer(first, body)
            if first == CONNECT:
                peer.say(message("t", b"stored", 3))

        peer._answer = with_more
        client.connect()
        assert seen == [b"stored"]


# -- writing


def test_small_packets_go_in_one_write():
    with Peer() as peer:
        client = peer.connected(window=10)
        client.subscribe("t", 1, lambda topic, payload: client.publish("answer", payload, qos=1))
        writes = []
        write = peer.write

        def counted(data):
            writes.append(bytes(data))
            return write(data)

        peer.write = counted
        peer.publish("t", b"x", 5)
        client.poll()
        assert writes == [b"\x40\2\0\5" + b"\x32\x0b\0\6answer\0\2x"]


def test_a_slow_peer_gets_the_same_bytes_again():
    # after a write that took nothing mbedTLS wants the very same bytes: Mbed-TLS issue 575
    with Peer() as peer:
        client = peer.connected(window=10)
        refused = []
        write = peer.write

        def checked(data):
            data = bytes(data)
            if refused:
                assert data == refused.pop()
            count = write(data)
            if count is None:
                refused.append(data)
            return count

        peer.write = checked
        for number in range(60):
            peer.room = number % 7
            client.publish("t", b"%02d" % number * 20, qos=1)
            client.poll()
            client.ping()
            client.poll()
        peer.room = None
        assert client.until(lambda: not client.kept, 5000)
        assert [entry[1] for entry in peer.published()] == [b"%02d" % number * 20 for number in range(60)]


# -- events, disconnect


def test_events_in_order():
    with Peer() as peer:
        client = peer.client(window=10)
        found = _events(client)
        client.subscribe("t")
        client.connect()
        client.publish("t", b"x", qos=1)
        _settle(client)
        client.ping()
        _settle(client)
        peer.close_link()
        _settle(client)
        client.disconnect()
        names = [name for name, _ in found]
        assert names == ["connecting", "connected", "ready", "puback", "pingresp", "disconnected", "disconnected"]
        assert found[1] == ("connected", False)
        assert found[3] == ("puback", 1) or found[3][1] == 2
        assert isinstance(found[5][1], LinkError)
        assert found[6][1] is None
        assert client.cause == str(found[5][1])


def test_event_callbacks_may_raise_and_publish():
    with Peer() as peer:
        client = peer.client(window=10)
        errors = []
        client.on_error(errors.append)

        def tell(name, value):
            if name == "ready":
                client.publish("t", b"ready", qos=1)
            raise ValueError(name)

        client.on_event(tell)
        client.connect()
        assert client.until(lambda: peer.published() and not client.kept, 1000)
        assert [str(error) for error in errors][:3] == ["connecting", "connected", "ready"]


def test_on_error_may_raise():
    with Peer() as peer:
        client = peer.connected()
        client.on_error(lambda error: 1 // 0)
        client.subscribe("t", 0, lambda topic, payload: 1 // 0)
        peer.publish("t", b"x")
        peer.publish("t", b"y")
        _settle(client)
        assert client.connected
        assert client.stats["errors"] == 2


def test_what_a_callback_raises_is_printed_where_nobody_listens():
    printed = []
    real, aws_iot.print_exception = aws_iot.print_exception, printed.append
    try:
        with Peer() as peer:
            client = peer.connected()
            client.on_error(None)
            client.on_event(None)
            client.subscribe("t", 0, lambda topic, payload: 1 // 0)
            peer.publish("t", b"x")
            _settle(client)
            assert client.connected
    finally:
        aws_iot.print_exception = real
    assert [type(error) for error in printed] == [ZeroDivisionError]


def test_on_tick_comes_after_each_connect():
    with Peer() as peer:
        client = peer.client()
        found = []
        client.on_tick(lambda ticks: found.append(client.ready) if ticks is None else None)
        client.subscribe("t")
        for _ in range(3):
            assert client.until(lambda: client.ready, 200000)
            peer.close_link()
            _settle(client)
        assert found == [True] * 3


def test_hooks_may_raise():
    with Peer() as peer:
        client = peer.client()
        errors, called = [], []
        client.on_error(errors.append)
        client.on_tick(lambda ticks: {}["missing"])
        client.on_tick(called.append)
        client.connect()
        _settle(client, 6000)
        assert client.stats["connects"] == 1 and client.connected
        assert called[0] is None and len(called) >= 2
        assert [type(error) for error in errors] == [KeyError] * len(called)


def test_disconnect_waits_for_pubacks_and_stays():
    with Peer() as peer:
        client = peer.connected(window=10)
        peer.silent = (PUBLISH,)
        client.publish("t", b"x", qos=1)
        peer.later(800, peer.say, puback(1))
        client.disconnect()
        assert client.kept == []
        assert peer.sent[-1] == (DISCONNECT, b"")
        begin = peer.connections
        for _ in range(50):
            client.poll(1000)
        assert peer.connections == begin
        assert not client.connected
        client.disconnect()  # again: nothing
        client.connect()
        assert client.connected


def test_disconnect_ends_also_when_nothing_can_be_written():
    with Peer() as peer:
        client = peer.connected(window=10)
        peer.room = 0
        client.publish("t", b"x", qos=1)
        begin = peer.clock.now
        client.disconnect()
        assert (peer.clock.now - begin) & _MASK <= 12000
        assert not client.connected
        assert len(client.kept) == 1  # accepted is accepted


def test_disconnect_in_a_callback():
    with Peer() as peer:
        client = peer.connected()
        client.subscribe("t", 0, lambda topic, payload: client.disconnect())
        peer.publish("t", b"x")
        peer.publish("t", b"y")
        _settle(client)
        assert not client.connected
        assert peer.sent[-1] == (DISCONNECT, b"")


def test_reconnects_by_itself():
    with Peer() as peer:
        client = peer.connected()
        for _ in range(5):
            peer.close_link()
            _settle(client)
            assert not client.connected
            assert client.until(lambda: client.connected, 130000)
        assert client.stats["connects"] == 6


def test_connect_again_right_away_is_slowed_down():
    # AWS allows one CONNECT a second for each client id
    with Peer() as peer:
        client = peer.client()
        peer.failing["tcp"] = OSError(111)
        times = []
        for _ in range(4):
            raises(LinkError, client.connect)
            times.append(peer.clock.now)
        gaps = [(after - before) & _MASK for before, after in zip(times, times[1:])]
        assert min(gaps) >= 1000 and max(gaps) <= 1100, gaps


def test_until_says_whether_it_is_done():
    with Peer() as peer:
        client = peer.connected()
        begin = peer.clock.now
        assert not client.until(lambda: False, 1234)
        assert (peer.clock.now - begin) & _MASK == 1234
        assert client.until(lambda: True, 0)
        client.disconnect()
        assert not client.until(lambda: False, 100000)  # nothing will happen any more


def test_nested_waits_are_bounded():
    with Peer() as peer:
        client = peer.connected()

        def handler(topic, payload):
            raises(ResponseTimeout, client.request, "r", {}, 100)

        errors = []
        client.on_error(errors.append)
        client.subscribe("t", 0, handler)
        for _ in range(10):
            peer.publish("t", b"x")
        assert client.until(lambda: not client.busy and len(peer.published()) >= 10, 10000)
        assert errors == []


def test_connect_ends_when_there_is_no_memory_even_to_say_why():
    with Peer() as peer:
        client = peer.client()
        peer.failing["tcp"] = MemoryError()
        with NoMemoryFor(aws_iot.mqtt, "loss", 1000):
            raises(MemoryError, client.connect)
        del peer.failing["tcp"]
        assert client.until(lambda: client.ready, 5000)


def test_a_packet_that_there_is_no_memory_for_costs_itself_only():
    with Peer() as peer:
        client = peer.connected()
        heard, errors = [], []

        def message(topic, payload, pid):
            if payload == b"lost":
                raise MemoryError
            real(topic, payload, pid)

        client.on_error(errors.append)
        client.subscribe("t", 1, lambda topic, payload: heard.append(payload))
        real, client.message = client.message, message
        for number, payload in enumerate((b"1", b"lost", b"2", b"lost", b"3")):
            peer.publish("t", payload, number + 1)
        for _ in range(3):
            assert client.poll(1000)
        assert heard == [b"1", b"2", b"3"] and client.connected
        assert [type(error) for error in errors] == [MemoryError, MemoryError]
        assert client.stats["connects"] == 1 and client.stats["errors"] == 2


def test_a_large_packet_is_not_copied_to_join_a_small_one():
    with Peer() as peer:
        client = peer.connected(window=10, queue_bytes=40000)
        sizes = []
        client.stream = _Counted(peer, sizes)
        client.call(lambda: [client.publish("t", bytes(size), qos=1) for size in (10, 20, 22000, 10)])
        client.poll()
        assert sizes == [17 + 27, 22009, 17], sizes


class _Counted:
    """The socket, with a list of how much each write had."""

    def __init__(self, peer, sizes):
        self.peer, self.sizes = peer, sizes
        self.readinto = peer.readinto

    def write(self, data):
        self.sizes.append(len(data))
        return self.peer.write(data)


def test_topics_of_the_wrong_type():
    with Peer() as peer:
        client = peer.connected()
        for topic in (["a"], bytearray(b"a"), None, 7):
            raises(ValueError, client.publish, topic, b"x")
        assert peer.published() == []


def test_connecting_anew_takes_leave_first():
    # else the broker would send the last will
    with Peer() as peer:
        client = peer.connected()
        client.connect()
        assert [first for first, _ in peer.sent] == [CONNECT, DISCONNECT, CONNECT]
        assert client.connected


def test_window_of_one_does_not_wait_beside_run():
    with Peer() as peer:
        client = peer.connected(window=1)
        peer.silent = (PUBLISH,)
        client.coro = True  # as run() does
        begin = peer.clock.now
        client.publish("t", "x", qos=1)
        assert peer.clock.now == begin and len(client.kept) == 1


def test_zerynths_callbacks_and_arguments():
    with Peer() as peer:
        client = peer.client()
        heard = []
        client.on("PUBLISH", lambda client, data: heard.append(("any", data["message"].payload)))
        client.on(0x30, lambda client, data: heard.append("first"), lambda data: data["message"].topic == "a", 1)
        client.on(0x30, lambda client, data: heard.append("second"), lambda data: data["message"].topic == "a", 2)
        client.set_will("will", "gone", 1, False)
        client.connect(port=8884, aconnect_cb=lambda client: heard.append("connected"))
        assert client.port == 8884 and (client.lw_topic, client.lw_qos, client.lw_retain) == ("will", 1, False)
        client.subscribe([["#", 1]])
        peer.publish("a", b"1")
        peer.publish("b", b"2")
        client.poll()
        assert heard == ["connected", "second", ("any", "2")]
        client.reconnect()
        client.close()
        assert heard[3:] == ["connected"] and not client.connected


def test_connect_keeps_the_pace_of_aws():
    # https://docs.aws.amazon.com/general/latest/gr/iot-core.html: one CONNECT a second from a client id
    with Peer() as peer:
        client, at = peer.client(), []
        for _ in range(12):
            client.connect()
            at.append(peer.clock.now)
            client.disconnect()
        assert min([(after - before) & 0x3FFFFFFF for before, after in zip(at, at[1:])]) >= 1000
        peer.clock.now = begin = (peer.clock.now + 5000) & 0x3FFFFFFF
        client.connect()
        assert (peer.clock.now - begin) & 0x3FFFFFFF < 100  # no longer than that
