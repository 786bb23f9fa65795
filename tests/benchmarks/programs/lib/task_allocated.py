"""Tell the bytes allocated per received delta, report, and publish at QoS 1 and 0: the collector is off meanwhile."""

import gc


def run(make, tell, count):
    peer = make()
    seen = [0]

    def answer(state):
        seen[0] += 1

    peer.connect()
    peer.on_delta(answer)
    tell("ready")
    warm = 10
    while seen[0] < warm:
        peer.wait()
    result = {}
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    while seen[0] < warm + count:
        peer.wait()
    result["delta"] = (gc.mem_alloc() - before) / count

    def measure(what, operation):
        operation()
        peer.drain()
        gc.collect()
        before = gc.mem_alloc()
        for _ in range(count):
            operation()
            peer.drain()
        result[what] = (gc.mem_alloc() - before) / count

    state = {"publish_period": 1000}
    payload = b"x" * 128
    measure("report", lambda: peer.report(state))
    measure("publish1", lambda: peer.publish("bench/telemetry", payload, 1))
    measure("publish0", lambda: peer.publish("bench/telemetry", payload, 0))
    tell("done", **result)
