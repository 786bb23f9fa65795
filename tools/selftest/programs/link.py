"""Wi-Fi, and the TLS handshake by itself."""

import socket
import time

import base


def join(timeout_s):
    took = base.join(timeout_s)
    wlan = base.station()
    found = {"ms": took, "wifi": wlan is not None, "known": base.wifi() is not None}
    try:
        found["rssi"] = wlan.status("rssi")
    except (AttributeError, TypeError, ValueError, OSError):
        pass  # a port that does not tell, or has no Wi-Fi
    base.say("joined", **found)


def handshakes(times=3):
    thing = base.make()
    mqtt = thing.mqtt
    found = []
    for number in range(times):
        time.sleep_ms(1000 if number else 0)  # as AWS wishes between two connections
        raw, tcp_ms = opened(mqtt.server, mqtt.port)
        start = time.ticks_ms()
        try:
            secured = mqtt.context.wrap_socket(raw, server_hostname=mqtt.server)
            found.append((time.ticks_diff(time.ticks_ms(), start), tcp_ms, cipher(secured)))
            secured.close()
        except BaseException:
            raw.close()
            raise
    ms = [each[0] for each in found]
    base.say(
        "handshakes", ms=base.median(ms), slowest_ms=max(ms), tcp_ms=base.median([each[1] for each in found]),
        cipher=found[0][2],
    )  # fmt: skip


def opened(host, port):
    """A socket that is connected, and how long that took in ms: to the first address that answers, of IPv6 or IPv4."""
    problem = None
    for address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        start = time.ticks_ms()
        raw = socket.socket(address[0], address[1])
        try:
            raw.connect(address[-1])
            return raw, time.ticks_diff(time.ticks_ms(), start)
        except OSError as error:
            raw.close()
            problem = error
    raise problem


def cipher(secured):
    """The cipher suite, None where a port does not tell."""
    try:
        return secured.cipher()[0]
    except (AttributeError, OSError):
        return None
