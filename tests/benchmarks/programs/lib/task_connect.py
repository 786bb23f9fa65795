"""Connect so many times; tells the milliseconds to CONNACK."""

from clock import cpu_us, ticks_diff, ticks_us


def run(make, tell, count):
    times, spent = [], []
    for _ in range(count):
        peer = make()
        start, begun = cpu_us(), ticks_us()
        peer.connect()
        times.append(ticks_diff(ticks_us(), begun) / 1000)
        spent.append((cpu_us() - start) / 1000)
    tell("done", ms=times, cpu_ms=spent)
