"""aws_iot.mqtt.cause and aws_iot.mqtt.cause_tls: errors in words, however the TLS library spells them.

Played are mbedTLS's own texts, as Debian's MicroPython has them (library/error.c and x509.h of 3.6.3), those of
MicroPython's short table and of the ESP32's (lib/mbedtls_errors/mp_mbedtls_errors.c and esp32_mbedtls_errors.c, which
differ in what they name, not in how), errors without a text, for which there was no memory, and what OpenSSL 3.0.19
(Python 3.11), 3.5.9 (3.13) and 3.6.5 (3.14) were seen to say on CPython.
"""

import time

from peer import CONNECT, Peer
from samples import raises

import aws_iot.mqtt.cause_tls as cause_tls
from aws_iot.errors import LinkError, ProtocolError, Rejected

_MASK = 0x3FFFFFFF
_VERIFY = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: %s (_ssl.c:2427)"
_NOT_THE_DEVICE = "not active, not registered"

# What the user is told -> what mbedTLS says of a certificate (a ValueError), its (code, own text, short text), OpenSSL
_CAUSES = (
    ("a TLS record was damaged on its way", (),
     ((-0x7180, "SSL - Verification of the message MAC failed", "MBEDTLS_ERR_SSL_INVALID_MAC"),),
     ("[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] decryption failed or bad record mac (_ssl.c:2580)",  # 3.0
      "[SSL: RECORD_LAYER_FAILURE] record layer failure (_ssl.c:2650)",  # 3.5, 3.6
      "[SSL: SSLV3_ALERT_BAD_RECORD_MAC] sslv3 alert bad record mac (_ssl.c:2427)",  # 3.0: the server tells
      "[SSL: SSLV3_ALERT_BAD_RECORD_MAC] ssl/tls alert bad record mac (_ssl.c:2495)")),  # 3.5, 3.6
    ("the server refused this device's certificate: expired", (), (),
     ("[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] sslv3 alert certificate expired (_ssl.c:2427)",
      "[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] ssl/tls alert certificate expired (_ssl.c:2495)")),
    ("the server refused this device's certificate: " + _NOT_THE_DEVICE, (),
     ((-0x7780, "SSL - A fatal alert message was received from our peer", "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"),),
     ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2650)",
      "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2427)",
      "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure (_ssl.c:2427)",
      "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] ssl/tls alert handshake failure (_ssl.c:2495)")),
    ("clock", ("\nThe certificate validity starts in the future\n",), (),
     (_VERIFY % "certificate is not yet valid",
      _VERIFY % "certificate is not yet valid or the system clock is incorrect")),  # 3.6
    ("the server's certificate has expired, or the clock is wrong", ("\nThe certificate validity has expired\n",), (),
     (_VERIFY % "certificate has expired",)),
    ("not for peer: wrong endpoint?",
     ("\nThe certificate Common Name (CN) does not match with the expected CN\n",), (),
     (_VERIFY % "Hostname mismatch, certificate is not valid for 'expired.alert'.",
      _VERIFY % "IP address mismatch, certificate is not valid for '10.0.0.1'.")),
    ("not signed by the given CA", ("\nThe certificate is not correctly signed by the trusted CA\n",), (),
     (_VERIFY % "unable to get local issuer certificate",
      _VERIFY % "self-signed certificate in certificate chain",
      _VERIFY % "self signed certificate")),
    ("no CA was given to verify the server with", (),
     ((-0x7680, "SSL - No CA Chain is set, but required to operate", "MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED"),), ()),
    ("the server's certificate does not hold", (),
     ((-0x2700, "X509 - Certificate verification failed, e.g. CRL, CA or signature check failed",
       "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED"),),
     (_VERIFY % "certificate signature failure",)),
    ("no memory for TLS", (),
     ((-0x2880, "X509 - Allocation of memory failed", "MBEDTLS_ERR_X509_ALLOC_FAILED"),
      (-0x3F80, "PK - Memory allocation failed", "MBEDTLS_ERR_PK_ALLOC_FAILED"),
      (-0x4D80, "ECP - Memory allocation failed", "MBEDTLS_ERR_ECP_ALLOC_FAILED"),
      (-0x5180, "MD - Failed to allocate memory", "MBEDTLS_ERR_MD_ALLOC_FAILED"),
      (-0x6180, "CIPHER - Failed to allocate memory", "MBEDTLS_ERR_CIPHER_ALLOC_FAILED"),
      (-0x1180, "PEM - Failed to allocate memory", "MBEDTLS_ERR_PEM_ALLOC_FAILED"),
      (-0x7F00, "SSL - Memory allocation failed", "MBEDTLS_ERR_SSL_ALLOC_FAILED"),
      (-0x4310, "RSA - The private key operation failed : BIGNUM - Memory allocation failed",
       "MBEDTLS_ERR_RSA_PRIVATE_FAILED+MBEDTLS_ERR_MPI_ALLOC_FAILED"),
      (-0x4D90, "ECP - Memory allocation failed : BIGNUM - Memory allocation failed",
       "MBEDTLS_ERR_ECP_ALLOC_FAILED+MBEDTLS_ERR_MPI_ALLOC_FAILED"),
      (-0x21EA, "X509 - The CRT/CRL/CSR format is invalid, e.g. different type expected : ASN1",
       "MBEDTLS_ERR_X509_INVALID_FORMAT+MBEDTLS_ERR_ASN1_ALLOC_FAILED")), ()),
)  # fmt: skip


class _SSLError(OSError):
    """Stands in for CPython's."""


def _spellings(cause):
    """Every error that means ``cause``: (words, error)."""
    words, reasons, numbers, openssl = cause
    found = [ValueError(reason) for reason in reasons]
    for code, own, short in numbers:
        # mbedTLS's own text is cut after 79 bytes; MicroPython tells no text of what comes after the handshake
        found += [OSError(code, own[:79]), OSError(code, short), OSError(code)]
    found += [_SSLError(1, text) for text in openssl]
    return [(words, error) for error in found]


def _told(stage, error, **options):
    """What connect() raises when ``error`` comes at ``stage``."""
    with Peer() as peer:
        options.setdefault("ssl", peer)
        client = peer.client(**options)
        peer.failing[stage] = error
        found = raises(LinkError, client.connect)
        assert found.cause is error
        assert client.cause == str(found)
        assert not client.connected
        return str(found)


def test_every_cause_in_every_spelling():
    for each in _CAUSES:
        for words, error in _spellings(each):
            # in the handshake, as with TLS 1.2, and with the first read, as with TLS 1.3
            for stage in ("tls", "read"):
                found = _told(stage, error)
                assert words in found, (stage, error, found)


def test_every_cause_of_a_link_that_stood():
    for each in _CAUSES:
        for words, error in _spellings(each):
            with Peer() as peer:
                client = peer.connected(ssl=peer)
                peer.failing["read"] = error
                client.poll()
                assert words in client.cause, (error, client.cause)


class _Time:
    """Stands in for the time module of a board whose clock says ``year``."""

    def __init__(self, year):
        self.year = year

    def gmtime(self):
        return (self.year, 1, 2, 3, 4, 5, 6, 2)


def test_a_clock_that_was_not_set():
    class Client:
        ssl_params = {}
        server = "peer"

    error = ValueError("\nThe certificate validity starts in the future\n")
    for year, words in ((2000, "clock is not set (it says 2000-01-02)"), (2030, "clock (2030-01-02) is behind")):
        cause_tls.time = _Time(year)
        try:
            found = cause_tls.words(Client, error, 0, False)
        finally:
            cause_tls.time = time
        assert words in found, found


def test_a_record_that_is_none():
    # before the handshake is over it is another protocol, after it damage
    error = OSError(-0x7200, "MBEDTLS_ERR_SSL_INVALID_RECORD")
    assert "no TLS server at peer:8883" in _told("tls", error)
    with Peer() as peer:
        client = peer.connected(ssl=peer)
        peer.failing["read"] = error
        client.poll()
        assert client.cause == "a TLS record was damaged on its way"


def test_the_race_of_a_refusal():
    # of TLS 1.2: the server has closed before its alert was read
    for number in (32, 104, -104):
        found = _told("tls", OSError(number))
        assert "device certificate refused (is the key its own?), or no TLS server at peer:8883" in found, found


def test_no_memory():
    for error in (OSError(12), MemoryError("memory allocation failed, allocating 16384 bytes"), MemoryError()):
        assert "no memory for TLS" in _told("tls", error), error


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
        assert "cannot look up peer" in _told("dns", error, ssl=None)


def test_tcp():
    for number in (111, -111, 61):
        assert _told("tcp", OSError(number), ssl=None) == "peer:1883 cannot be reached: refused"
    for number in (113, 101, 118):
        assert "peer:8883 cannot be reached" in _told("tcp", OSError(number))


def test_closed_before_connack():
    for error in (EOFError(), OSError(104), OSError(-104), OSError(32), OSError(113), OSError(9)):
        found = _told("read", error)
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


def test_other_errors():
    with Peer() as peer:
        client = peer.connected()
        peer.failing["read"] = OSError(5)
        client.poll()
        assert "the connection broke" in client.cause and "5" in client.cause


def test_what_tcp_gave_up():
    for error, words in (
        (OSError(110), "nothing came through in time: the network is gone"),
        (OSError(-116), "nothing came through in time: the network is gone"),
        (OSError(12), "no memory for the network: free some"),
    ):
        with Peer() as peer:
            client = peer.connected()
            peer.failing["read"] = error
            client.poll()
            assert client.cause == words


def test_a_last_will_of_qos_2():
    with Peer() as peer:
        client = peer.client()
        client.set_last_will("t", "gone", qos=2)
        assert str(raises(LinkError, client.connect)) == client.cause == "QoS: AWS has 0 and 1"
