"""A connection: its heap, deltas and the reports they bring, a burst of QoS 1, a publish that the policy denies."""

import time

import base

_WARM = 10  # rounds after which the heap must stay as it is


def deltas(rounds):
    """Answer ``rounds`` deltas; the program on the other side desires {"n": 1}, {"n": 2} ... one after the other."""
    before = base.heap()
    thing = base.make(shadow_topics=("update/delta",))
    waiting = []  # [n, ticks at which its delta came] of the reports that are under way, in their order
    took = []
    warm = 0

    def requested(state):
        waiting.append((state["n"], time.ticks_ms()))
        return state

    def happened(event, value):
        if event != "puback" or thing.kept:
            return
        while waiting:  # all that was reported is there, twice where a delta came again: see stages.deltas
            n, came = waiting.pop(0)
            if n > len(took):
                took.append(time.ticks_diff(time.ticks_ms(), came))
                base.say("reported", n=n)

    thing.on_shadow_request(requested)
    thing.on_event(happened)
    start = time.ticks_ms()
    base.connect(thing)
    base.say("connected", ms=time.ticks_diff(time.ticks_ms(), start), bytes=base.heap() - before)
    while len(took) < rounds:
        thing.poll(1000)
        if not warm and len(took) >= _WARM:
            warm = base.heap()
    told(thing, took, base.heap() - warm if warm else 0)


def told(thing, took, grown):
    thing.disconnect()
    if took:
        base.say("answered", p50_ms=base.median(took), slowest_ms=max(took), grown_bytes=grown)


def burst(count, size):
    """Publish ``count`` messages of ``size`` bytes as fast as they are taken, and wait for the last PUBACK.

    Twice, since where there is plenty of heap, files of the library that the first burst has loaded stay there.
    """
    thing = base.make()
    base.connect(thing)
    publish(thing, count, size)
    before = base.heap()
    took = publish(thing, count, size)
    base.say(
        "sent", ms=took, per_s=count * 1000 // max(took, 1), resent=thing.stats["resent"],
        grown_bytes=base.heap() - before, connects=thing.stats["connects"],
    )  # fmt: skip
    thing.disconnect()


def publish(thing, count, size):
    """-> the milliseconds that it took."""
    topic = "dt/%s/burst" % thing.thingname
    payload = bytes(size)
    start = time.ticks_ms()
    for _ in range(count):
        thing.publish(topic, payload, qos=1)
    base.wait(thing, lambda: not thing.kept, 60, "not all PUBACKs came")
    return time.ticks_diff(time.ticks_ms(), start)


def denied(seconds):
    """Publish to another thing's topic: the connection must end with that as its cause, and come back."""
    thing = base.make()
    base.connect(thing)
    ends = []
    thing.on_event(lambda event, value: event == "disconnected" and ends.append(str(value)))
    thing.publish("dt/another-thing/x", b"1")
    start = time.ticks_ms()
    while not ends and time.ticks_diff(time.ticks_ms(), start) < seconds * 1000:
        thing.poll(100)
    if ends:
        base.wait(thing, lambda: thing.ready, 60, "it did not come back")
        thing.publish("dt/%s/x" % thing.thingname, b"1", qos=1)
        base.wait(thing, lambda: not thing.kept, 60, "its own topic is not acknowledged any more")
    base.say("tried", cause=ends[0] if ends else None)
    thing.disconnect()


def hour(minutes, sample_ms):
    """Stay connected with a sample every ``sample_ms``; tell the heap after each six of them."""
    thing = base.make(shadow_topics=("update/delta",))
    thing.on_shadow_request(lambda state: state)
    base.connect(thing)
    topic = "dt/%s/sample" % thing.thingname
    for minute in range(minutes + 1):
        base.say("minute", number=minute, bytes=base.heap(), connects=thing.stats["connects"])
        for _ in range(6 if minute < minutes else 0):
            thing.publish(topic, {"minute": minute}, qos=1)
            start = time.ticks_ms()
            while (left := sample_ms - time.ticks_diff(time.ticks_ms(), start)) > 0:
                thing.poll(left)
    base.say("over", errors=thing.stats["errors"], cause=thing.cause)
    thing.disconnect()
