"""Report again and again, whatever happens to the link: what a program does whose link was cut."""

from time import sleep

from clock import ticks_diff, ticks_us

_PERIOD_S = 0.05
_RETRY_S = 1
_LIFE_US = 25000000


def run(make, tell):
    peer = make()
    peer.connect()
    peer.on_delta(lambda state: None)
    tell("ready")
    number, begun = 0, ticks_us()
    while ticks_diff(ticks_us(), begun) < _LIFE_US:
        number += 1
        try:
            peer.report({"number": number})
            peer.poll()
        except Exception:  # MQTTException, MqttError, OSError: each client has its own
            again(peer)
        sleep(_PERIOD_S)


def again(peer):
    """What is left to the program by clients that do not reconnect by themselves."""
    try:
        peer.connect()
    except Exception:
        sleep(_RETRY_S)
