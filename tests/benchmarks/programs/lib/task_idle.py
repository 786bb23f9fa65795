"""Tell the CPU time of a poll() that finds nothing and, where a wait ends by itself, of a second spent waiting."""

from clock import cpu_us, ticks_diff, ticks_us


def run(make, tell, count, wait_s):
    peer = make()
    peer.connect()
    peer.on_delta(lambda state: None)
    for _ in range(count // 10):
        peer.poll()
    start = cpu_us()
    for _ in range(count):
        peer.poll()
    figures = {"poll_us": (cpu_us() - start) / count}
    if wait_s:
        start, begun = cpu_us(), ticks_us()
        while ticks_diff(ticks_us(), begun) < wait_s * 1000000:
            peer.wait()
        figures["waiting_us"] = (cpu_us() - start) * 1000000 / ticks_diff(ticks_us(), begun)
    tell("done", **figures)
