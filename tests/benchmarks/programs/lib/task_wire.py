"""Do each thing so many times, telling when one kind begins and ends: what goes over the wire is counted outside."""

import sys

from answers import echo


def run(make, tell, count):
    peer = make()
    seen = echo(peer)
    for qos in (0, 1):
        peer.publish("bench/telemetry", b"x" * 128, qos)
        peer.drain()
        step(tell, "publish%d" % qos)
        for _ in range(count):
            peer.publish("bench/telemetry", b"x" * 128, qos)
            peer.drain()
        step(tell, "end")
    tell("step", name="rounds")
    while seen[0] < count:
        peer.wait()
    peer.drain()
    step(tell, "end")


def step(tell, name):
    tell("step", name=name)
    sys.stdin.readline()
