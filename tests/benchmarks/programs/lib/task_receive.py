"""Receive so many messages at QoS 0; tells rate and CPU time."""

from clock import cpu_us, ticks_diff, ticks_us


def run(make, tell, warm, count):
    peer = make()
    seen = [0]

    def arrived(payload):
        seen[0] += 1

    peer.connect()
    peer.subscribe("bench/flood", arrived)
    tell("ready")
    while seen[0] < warm:
        peer.wait()
    first = seen[0]
    start, begun = cpu_us(), ticks_us()
    while seen[0] < warm + count:
        peer.wait()
    taken, spent = ticks_diff(ticks_us(), begun), cpu_us() - start
    count = seen[0] - first
    tell("done", rate=count * 1e6 / taken, cpu_us=spent / count)
