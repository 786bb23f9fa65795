"""aws_iot.mqtt.loss: errors in words, who is suspected when AWS closes without a reason, and when to try again.

The errors are those that MicroPython 1.25 (mbedTLS) and CPython (OpenSSL) were seen to raise.
"""

import time

from peer import CONNECT, PUBLISH, SUBSCRIBE, Peer
from samples import NoMemoryFor, raises

import aws_iot
import aws_iot.mqtt.loss as loss
from aws_iot.errors import LinkError, ProtocolError, Rejected, StateError

_MASK = 0x3FFFFFFF


def _cause(stage, error, **options):
    """What connect() raises when ``error`` comes at ``stage``."""
    with Peer() as peer:
        options.setdefault("ssl", peer)
        client = peer.client(**options)
        peer.failing[stage] = error
        found = raises(LinkError, client.connect)
        assert found.cause is error
        assert client.stats["cause"] == str(found)
        assert not client.connected
        return str(found)


def _tls(text, number=None):
    """Both ways in which it may come: TLS 1.2 in the handshake, TLS 1.3 with the first read."""
    error = ValueError(text) if number is None else OSError(number, text)
    found = _cause("tls", error)
    assert _cause("read", error) == found, (found, _cause("read", error))
    return found


def test_wrong_ca():
    for text in (
        "\nThe certificate is not correctly signed by the trusted CA\n",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self signed certificate",
    ):
        assert "not signed by the given CA" in _tls(text)


def test_wrong_host():
    for text in (
        "\nThe certificate Common Name (CN) does not match with the expected CN\n",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: IP address mismatch, certificate is not valid for",
    ):
        assert "not for peer: wrong endpoint?" in _tls(text)


def test_expired():
    for text in (
        "\nThe certificate validity has expired\n",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired",
    ):
        assert "has expired, or the clock is wrong" in _tls(text)


class _Time:
    """Stands in for the time module of a board whose clock says ``year``."""

    def __init__(self, year):
        self.year = year

    def gmtime(self):
        return (self.year, 1, 2, 3, 4, 5, 6, 2)


def test_not_yet_valid():
    class Client:
        server = "peer"

    for text in ("\nthe certificate validity starts in the future\n", "verify failed: certificate is not yet valid"):
        for year, words in ((2000, "clock is not set (it says 2000-01-02)"), (2030, "clock (2030-01-02) is behind")):
            loss.time = _Time(year)
            try:
                found = loss._tls(Client, ValueError(text), text)
            finally:
                loss.time = time
            assert words in found, found
        assert "valid" in _tls(text) or "clock is not set" in _tls(text)


def test_no_ca():
    assert "no CA was given" in _tls("SSL - No CA Chain is set, but required to operate", -30336)


def test_device_certificate_refused():
    for text, number in (
        ("SSL - A fatal alert message was received from our peer", -30592),
        ("", -30592),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2706)", 1),
        ("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca", 1),
    ):
        error = type("SSLError", (OSError,), {})(number, text) if number > 0 else OSError(number, text)
        for stage in ("tls", "read"):
            assert "refused this device's certificate" in _cause(stage, error), (text, stage)
    error = type("SSLError", (OSError,), {})(
        1, "[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] sslv3 alert certificate expired"
    )
    assert "refused this device's certificate: expired" in _cause("tls", error)
    # the race of TLS 1.2: the server has closed before its alert was read
    for number in (32, 104, -104):
        found = _cause("tls", OSError(number))
        assert "device certificate refused, or no TLS server at peer:8883" in found, found


def test_no_memory_for_tls():
    for error in (
        OSError(12),
        OSError(-17168, "MBEDTLS_ERR_RSA_PRIVATE_FAILED+MBEDTLS_ERR_MPI_ALLOC_FAILED"),
        MemoryError("memory allocation failed, allocating 16384 bytes"),
    ):
        assert "no memory for TLS" in _cause("tls", error), error


def test_certificates_that_cannot_be_used():
    for pair, words in (
        (("no", "key", None), "certificate: neither PEM nor DER"),
        ((b"\x30garbage", b"\x30garbage", b"\x30garbage"), "damaged"),
        (("-----BEGIN CERTIFICATE-----\nx", None, None), "go together"),
    ):
        with Peer() as peer:
            names = dict(zip(("cert", "key", "cadata"), pair))
            found = str(raises(LinkError, peer.client(ssl=True, ssl_params=names).connect))
            assert words in found or "certificate" in found, found
            assert "look up" not in found, found


def test_dns():
    for error in (OSError(-2), OSError("[addrinfo error -2]"), OSError(-202)):
        assert "cannot look up peer" in _cause("dns", error, ssl=None)


def test_tcp():
    for number in (111, -111, 61):
        assert _cause("tcp", OSError(number), ssl=None) == "peer:1883 cannot be reached: refused"
    for number in (113, 101, 118):
        assert "peer:8883 cannot be reached" in _cause("tcp", OSError(number))


def test_closed_before_connack():
    for error in (EOFError(), OSError(104), OSError(-104), OSError(32), OSError(113), OSError(9)):
        found = _cause("read", error)
        assert "closed before CONNACK" in found and "client id me" in found, found
    with Peer() as peer:
        client = peer.client()
        peer.silent = (CONNECT,)
        peer.later(500, peer.close_link)
        assert "closed before CONNACK" in str(raises(LinkError, client.connect))


class _Stalls:
    """Stands in for a TLS context whose handshake does not go on."""

    def wrap_socket(self, sock, **_):
        sock.room = 0
        return sock


def test_nobody_answers():
    with Peer() as peer:
        client = peer.client(timeout_ms=3000)
        begin = peer.clock.now
        peer.deaf = True
        assert "no answer from peer:1883: no network, or a firewall" in str(raises(LinkError, client.connect))
        assert (peer.clock.now - begin) & _MASK == 3000
    with Peer() as peer:
        client = peer.client(timeout_ms=3000, ssl=_Stalls())
        assert "the TLS handshake with peer:8883 stalled" in str(raises(LinkError, client.connect))
    with Peer() as peer:
        client = peer.client(timeout_ms=3000)
        peer.silent = (CONNECT,)
        assert "no answer to CONNECT from peer:1883" in str(raises(LinkError, client.connect))
        assert "no answer to CONNECT from peer:1883" in str(raises(LinkError, client.connect, None, 1.5))


def test_connack_codes():
    for code, words in (
        (1, "protocol version"), (2, "client id refused"), (3, "server unavailable"), (4, "user name or password"),
        (5, "not authorized"), (6, "unknown code"), (255, "unknown code"),
    ):  # fmt: skip
        with Peer() as peer:
            client = peer.client()
            peer.connack = code
            error = raises(LinkError, client.connect)
            assert str(error) == "CONNACK %d: %s" % (code, words)
            assert isinstance(error.cause, Rejected)


def test_protocol_errors():
    for data in (b"\xf0\0", b"\x40\2\0\0", b"\x20\2\0\0"):
        with Peer() as peer:
            client = peer.connected()
            found = []
            client.on_event(lambda name, value, found=found: found.append((name, value)))
            peer.say(data)
            client.poll()
            name, error = found[-1]
            assert name == "disconnected"
            assert isinstance(error, ProtocolError)
            assert "the server broke the protocol" in str(error)
    with Peer() as peer:
        client = peer.client()
        peer.silent = (CONNECT,)
        peer.later(10, peer.say, b"\xd0\0")
        assert "before CONNACK" in str(raises(ProtocolError, client.connect))


def _close(peer, client):
    """The server closes; what the client makes of it."""
    peer.close_link()
    client.poll()
    assert not client.connected
    return client.stats["cause"]


def test_closed_by_the_server():
    with Peer() as peer:
        client = peer.connected()
        client.until(lambda: False, 42000)
        assert _close(peer, client) == "closed by the server after 42 s"
        client.until(lambda: client.connected, 200000)
        client.until(lambda: False, 31000)
        peer.failing["read"] = OSError(-104)
        client.poll()
        assert client.stats["cause"] == "closed by the server after 31 s"


def test_another_device_with_this_client_id():
    with Peer() as peer:
        client = peer.client()
        found = []
        for _ in range(4):
            assert client.until(lambda: client.connected, 200000)
            found.append(_close(peer, client))
        assert found[:2] == ["closed by the server after 0 s"] * 2
        assert "does another device use client id me?" in found[2]
        assert "4 times" in found[3]


def test_other_errors():
    with Peer() as peer:
        client = peer.connected()
        peer.failing["read"] = OSError(5)
        client.poll()
        assert "the connection broke" in client.stats["cause"] and "5" in client.stats["cause"]


def test_backoff_grows_until_a_link_proves_itself():
    def delay(peer, client):
        """Time to the next attempt."""
        begin = peer.clock.now
        count = peer.connections
        assert client.until(lambda: peer.connections > count or client.connected, 500000)
        return (peer.clock.now - begin) & _MASK

    longest = []
    for seed in range(1, 12):
        with Peer() as peer:
            peer._seed = seed * 104729
            client = peer.connected()
            delays = []
            for _ in range(7):
                # CONNACK, then cut: that is no proof
                _close(peer, client)
                delays.append(delay(peer, client))
                assert client.until(lambda client=client: client.connected, 500000)
            assert min(delays) >= 1000 and max(delays) < 121000, delays
            longest.append(max(delays))
            client.until(lambda: False, 40000)
            _close(peer, client)
            assert delay(peer, client) < 3000
    assert max(longest) > 16000, longest


def test_denied_publish():
    with Peer() as peer:
        client = peer.connected(window=10)
        errors = []
        client.on_error(errors.append)
        peer.deny(PUBLISH, b"no", 3)
        client.publish("no", "x", qos=1)
        client.publish("also", "y", qos=1)
        client.until(lambda: len(errors) > 0, 60000)
        assert "closed after PUBLISH to no: does the policy allow iot:Publish there?" == client.stats["cause"]
        assert [error.message for error in errors] == ["publish denied? no"]
        assert isinstance(errors[0], Rejected)
        # the other goes out; the denied one is kept, and tried again after a while
        assert client.until(lambda: client.connected and len(client.kept) == 1, 20000)
        raises(StateError, client.publish, "no", "at QoS 0")
        client.publish("yes", "at QoS 0")
        assert client.until(lambda: not client.kept, 60000)
        assert peer.published()[-1][:2] == ("no", b"x")
        assert peer.connections == 4


def test_denied_publish_does_not_become_a_reconnect_loop():
    with Peer() as peer:
        client = peer.connected(window=10)
        errors = []
        client.on_error(errors.append)
        peer.deny(PUBLISH, b"no")
        client.publish("no", "x", qos=1)
        client.until(lambda: False, 3600000)
        assert peer.connections < 30, peer.connections
        assert len(client.kept) == 1  # accepted is accepted
        client.publish("yes", "y", qos=1)
        assert client.until(lambda: len(client.kept) == 1, 300000)


def test_denied_publish_at_qos_0():
    with Peer() as peer:
        client = peer.connected()
        errors = []
        client.on_error(errors.append)
        peer.deny(PUBLISH, b"no", 3)
        for _ in range(3):
            client.until(lambda: client.connected, 60000)
            client.publish("no", "x")
            client.poll()
            assert "closed after PUBLISH to no" in client.stats["cause"]
        assert [error.message for error in errors] == ["publish denied? no"]
        client.until(lambda: client.connected, 60000)
        raises(StateError, client.publish, "no", "x")
        client.publish("yes", "x")
        client.until(lambda: False, 31000)
        client.publish("no", "x")


def test_denied_subscribe():
    with Peer() as peer:
        client = peer.connected(window=10)
        errors = []
        client.on_error(errors.append)
        client.subscribe("yes")
        peer.deny(SUBSCRIBE, b"no", 3)
        raises((LinkError, Rejected), client.subscribe, "no")
        assert client.until(lambda: client.ready, 60000)
        assert "closed after SUBSCRIBE to no: does the policy allow iot:Subscribe there?" == client.stats["cause"]
        assert [error.message for error in errors] == ["subscribe denied? no"]
        assert peer.connections == 4
        client.until(lambda: False, 60000)
        assert peer.filters()[-1] == ["no"]  # asked for again after a while: it may have been the network
        assert client.ready


def test_a_cut_in_between_is_no_denial():
    # once closed after a publish, then acknowledged: not suspected any more
    with Peer() as peer:
        client = peer.connected(window=10)
        errors = []
        client.on_error(errors.append)
        for _ in range(4):
            peer.deny(PUBLISH, b"topic", 1)
            client.publish("topic", "x", qos=1)
            assert client.until(lambda: not client.kept, 200000)
        assert errors == []


def test_each_topic_is_held_back_by_itself():
    # what one topic was denied does not make another wait longer, nor does what it was denied long ago
    with Peer() as peer:
        client = peer.connected(window=10)
        client.on_error(lambda error: None)
        for topic in ("a", "b", "a"):
            peer.deny(PUBLISH, topic.encode(), 2)
            client.publish(topic, "x", qos=1)
            assert client.until(lambda: client.denied, 60000)
            begin = peer.clock.now
            assert client.until(lambda: not client.kept, 100000)
            assert (peer.clock.now - begin) & 0x3FFFFFFF < 36000
            assert client.until(lambda: not client.denied, 70000)


def test_a_publish_of_long_ago_is_not_suspected():
    with Peer() as peer:
        client = peer.connected()
        client.publish("old", "x")
        client.until(lambda: False, 3600000)
        for _ in range(4):
            _close(peer, client)
            assert "old" not in client.stats["cause"]
            assert client.until(lambda: client.connected, 60000)
        assert not client.denied


def test_a_loss_that_there_is_no_memory_for_counts_once():
    with Peer() as peer:
        client = peer.connected(window=10)
        errors = []
        client.on_error(errors.append)
        peer.silent = (PUBLISH,)
        client.publish("a", "x", qos=1)
        with NoMemoryFor(aws_iot.mqtt, "calls", 2) as short:
            peer.close_link()
            client.until(lambda: not short.left, 5000)
        peer.silent = ()
        assert client.until(lambda: not client.kept, 60000)
        assert errors == [] and not client.denied and client.stats["connects"] == 2


def test_a_loss_that_there_is_no_memory_to_tell_is_told_before_the_next_attempt():
    left = [1]

    def call(function, *args):
        if args[0] == "disconnected" and left:
            left.pop()
            raise MemoryError
        real(function, *args)

    with Peer() as peer:
        client = peer.connected()
        events = []
        client.on_event(lambda event, value: events.append(event))
        real, client.call = client.call, call
        peer.close_link()
        assert client.until(lambda: len(events) > 2, 60000)
        assert events[:3] == ["disconnected", "connecting", "connected"] and not left, events
