"""Count the files that are read from the flash while messages flow, in states in which that is not a matter of course;
tells them for so many messages, and the largest piece of heap that a program gets then, and without lent files.
"""

import gc

import aws_iot
from aws_iot import ticks_add, ticks_diff, ticks_ms

_TIMERS_MS = 5500  # by then they have run once more since the connection

_reads = [0]


def _import(*arguments):
    _reads[0] += 1
    return __import__(*arguments)


def _largest():
    gc.collect()
    low, high = 0, gc.mem_free() + 1
    while high - low > 64:
        middle = (low + high) // 2
        try:
            bytearray(middle)
            low = middle
        except MemoryError:
            high = middle
    return low


class Flows:
    """The kinds of messages that flow; each function has so many of them flow."""

    def __init__(self, peer, tell):
        self.thing, self.mqtt, self.tell = peer.thing, peer.mqtt, tell
        self.answered = 0
        self.thing.on_shadow_request(self.answer)
        self.mqtt.subscribe("bench/unheard")

    def answer(self, state):
        self.answered += 1
        return state

    def deltas(self, number):
        end = self.answered + number
        self.tell("deltas", count=number)
        while self.answered < end:
            self.thing.poll(1000)

    def unheard(self, number):
        end = self.mqtt.stats["received"] + number
        self.tell("unheard", count=number)
        while self.mqtt.stats["received"] < end:
            self.thing.poll(1000)

    def burst(self, number):
        payload = b"x" * 128
        for _ in range(number):
            self.mqtt.publish("bench/telemetry", payload, False, 1)

    def reports(self, number):
        for index in range(number):
            self.thing.update_shadow({"index": index})
            if index % 10 == 9:  # ten for each PUBACK
                self.thing.poll(0)

    def offline(self, number):
        for index in range(number):
            self.thing.update_shadow({"index": index})


def run(make, tell, count):
    peer = make(10)
    flows = Flows(peer, tell)
    peer.connect()
    while not peer.thing.ready:
        peer.thing.poll(1000)
    end = ticks_add(ticks_ms(), _TIMERS_MS)
    while ticks_diff(end, ticks_ms()) > 0:
        peer.thing.poll(1000)
    aws_iot.__import__ = _import
    result = {}
    for kind in ("deltas", "burst", "reports", "unheard", "offline"):
        if kind == "offline":
            result["block"] = _largest()
            aws_iot.keep(1 << 30)
            result["block_without"] = _largest()
            peer.mqtt.disconnect()
        flow = getattr(flows, kind)
        flow(200)  # what this needs is there from now on
        _reads[0] = 0
        flow(count)
        result[kind] = _reads[0]
        if kind != "offline":
            peer.drain()
    tell("done", **result)
