"""What an error of the network means, in words; cause_tls.py knows TLS. Lent for each loss, before loss.py."""

import aws_iot

from ..errors import ProtocolError, Rejected, ResponseTimeout

_CONNACK = (
    "protocol version", "client id refused", "server unavailable", "user name or password", "not authorized"
)  # fmt: skip
# errno of Linux, of lwIP with MicroPython's own numbers, and of the ESP32's newlib
_PEER = (32, 54, 104)
_CLOSED = (32, 54, 104, 9, 103, 107, 113, 128)


def lost(client, error, _):
    """-> why a link or an attempt ended with ``error``; None where the server just closed the link: see loss.py."""
    stage, code = client.stage, error.args[0] if error.args else 0
    if not isinstance(code, int):
        code = 0
    up = stage in ("up", "ready")
    if up and (isinstance(error, EOFError) or isinstance(error, OSError) and abs(code) in _PEER):
        return None
    if isinstance(error, MemoryError):
        return "no memory in time: free some" if up else "no memory for TLS: free some before connecting"
    if isinstance(error, StopIteration):
        return "the attempt was interrupted"
    where = "%s:%d" % (client.server, client.port)
    if isinstance(error, ProtocolError):
        return "the server broke the protocol: %s" % error
    if isinstance(error, Rejected):
        code = error.code
        return "CONNACK %d: %s" % (code, _CONNACK[code - 1] if code <= len(_CONNACK) else "unknown code")
    if isinstance(error, ResponseTimeout):
        return _late(error.args[0], where)
    if stage == "dns" and isinstance(error, OSError):
        return "cannot look up %s: no network, no DNS, or a wrong endpoint (%s)" % (client.server, error)
    if isinstance(error, ValueError) or stage == "tls" or code < -1000 or type(error) is not OSError:
        found = aws_iot.mqtt.cause_tls.words(client, error, code, up)
        if found:
            return found
    if stage == "tcp":
        return "%s cannot be reached: %s" % (where, "refused" if abs(code) in (111, 61) else error)
    if stage == "tls":
        return (
            "closed in the TLS handshake: device certificate refused (is the key its own?), or no TLS server"
            " at %s (%s)" % (where, error)
        )
    if stage == "connack" and (isinstance(error, EOFError) or abs(code) in _CLOSED):
        return (
            "closed before CONNACK: is the certificate active, is the key its own, does its policy allow iot:Connect,"
            " is client id %s right?" % client.client_id
        )
    return _broken(error, abs(code))


def _late(what, where):
    if what == "tcp":
        return "no answer from %s: no network, or a firewall that blocks the port" % where
    if what == "tls":
        return "the TLS handshake with %s stalled" % where
    if what == "connack":
        return "no answer to CONNECT from " + where
    if what in ("puback", "suback", "pingresp"):
        what = what.upper()
    return "no %s in time: the network is gone or the server hangs" % what


def _broken(error, code):
    if code == 12:
        return "no memory for the network: free some"
    if code in (103, 110, 116, 113, 118):  # ECONNABORTED of lwIP, ETIMEDOUT, EHOSTUNREACH of Linux, of the ESP32
        return "nothing came through in time: the network is gone"
    return "the connection broke: %r" % error
