"""Publish so many messages of 128 bytes at QoS 1 in one go, as a program does that looks at nothing between; tells the
CPU time of each until the last PUBACK.
"""

from clock import cpu_us


def run(make, tell, count):
    peer = make(10)
    peer.connect()
    payload = b"x" * 128
    publish = peer.mqtt.publish
    for _ in range(20):
        publish("bench/telemetry", payload, False, 1)
    peer.drain()
    start = cpu_us()
    for _ in range(count):
        publish("bench/telemetry", payload, False, 1)
    peer.drain()
    tell("done", cpu_us=(cpu_us() - start) / count)
