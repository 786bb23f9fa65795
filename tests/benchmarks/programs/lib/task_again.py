"""Connect a second time with the same client, so many times over; tells the CPU milliseconds to CONNACK of each."""

from time import sleep

from clock import cpu_us


def run(make, tell, count):
    spent = []
    for _ in range(count):
        peer = make()
        peer.connect()
        peer.mqtt.disconnect()
        sleep(1.1)  # AWS takes one CONNECT a second from a client id, and ours waits for that
        start = cpu_us()
        peer.connect()
        spent.append((cpu_us() - start) / 1000)
    tell("done", cpu_ms=spent)
