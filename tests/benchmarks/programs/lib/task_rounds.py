"""Answer deltas until so many are answered; tells the CPU time of the later ones."""

from answers import echo
from clock import cpu_us


def run(make, tell, warm, count):
    peer = make()
    seen = echo(peer)
    tell("ready")
    while seen[0] < warm:
        peer.wait()
    start = cpu_us()
    while seen[0] < warm + count:
        peer.wait()
    spent = cpu_us() - start
    peer.drain()
    tell("done", cpu_us=spent / count)
