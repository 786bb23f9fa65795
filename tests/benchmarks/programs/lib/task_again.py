"""Connect a second time with the same client, so many times over; tells the CPU milliseconds to CONNACK of each."""

from clock import cpu_us


def run(make, tell, count):
    spent = []
    for _ in range(count):
        peer = make()
        peer.connect()
        peer.mqtt.disconnect()
        start = cpu_us()
        peer.connect()
        spent.append((cpu_us() - start) / 1000)
    tell("done", cpu_ms=spent)
