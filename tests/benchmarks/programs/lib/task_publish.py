"""Publish so many messages of 128 bytes; tells rate and CPU time."""

from clock import cpu_us, ticks_diff, ticks_us


def run(make, tell, warm, count, qos, window):
    peer = make(window)
    peer.connect()
    payload = b"x" * 128
    publish = peer.publish
    tell("ready")
    for _ in range(warm):
        publish("bench/telemetry", payload, qos)
    peer.drain()
    start, begun = cpu_us(), ticks_us()
    for _ in range(count):
        publish("bench/telemetry", payload, qos)
    peer.drain()
    taken, spent = ticks_diff(ticks_us(), begun), cpu_us() - start
    tell("done", rate=count * 1e6 / taken, cpu_us=spent / count)
