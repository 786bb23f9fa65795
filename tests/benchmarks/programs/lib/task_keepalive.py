"""Be connected and say nothing for a while: what keep-alive sends is counted outside."""

import sys
from time import sleep

from clock import ticks_diff, ticks_us


def run(make, tell, seconds):
    peer = make()
    peer.keepalive(2)
    peer.connect()
    peer.on_delta(lambda state: None)
    sleep(0.2)
    peer.poll()
    tell("ready")
    sys.stdin.readline()
    begun = ticks_us()
    while ticks_diff(ticks_us(), begun) < seconds * 1000000:
        peer.wait()
    tell("done")
    sys.stdin.readline()
