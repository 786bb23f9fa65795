"""A device whose message callback does what programs do: raises, publishes, subscribes, disconnects, takes its time.

Parameters besides Session's: does, the name of what it does with the first message ("told-0"); for "hoards": hoard_ms,
left (pieces of 256 bytes that stay free), again (what a lost link gives back is taken, too), deltas (it has a shadow,
and reports each).
"""

from base import heap_bytes, main
from session import Session

from aws_iot import sleep_ms
from aws_iot.shadow import Shadow


class Callback(Session):
    def start(self):
        super().start()
        self.shadow = Shadow(self.client, "device")
        self.again, self.hoard, self.free_at = False, None, 0
        if self.params.get("deltas"):
            self.shadow.on_delta(self.delta)

    def delta(self, state):
        self.say("delta")
        return state

    def got(self, topic, payload):
        super().got(topic, payload)
        if payload == b"told-0":
            getattr(self, self.params["does"])()

    def raises(self):
        raise KeyError("a bug in the application")

    def publishes(self):
        for index in range(5):
            self.publish("reply-%d" % index)

    def subscribes(self):
        self.client.subscribe("more/#", 1, self.got)

    def unsubscribes(self):
        self.client.unsubscribe("in/#")

    def disconnects(self):
        self.client.disconnect()
        self.again = True

    def blocks(self):
        sleep_ms(self.params["block_ms"])

    def asks(self):
        answer = self.attempt("shadow.get", self.shadow.get, 8000)
        self.say("shadow", version=answer and answer["version"])

    def hungers(self):
        """Takes all memory there is, in pieces as a program would."""
        hoard = []
        while True:
            hoard.append(bytearray(512))

    def hoards(self):
        """Keeps all memory but two kilobytes (`left` pieces) for a while."""
        if self.free_at:
            return  # once is enough: the message may come again
        self.hoard, self.reserve = (), bytearray(2048)
        self.fill()
        self.free_at = self.clock.elapsed() + self.params["hoard_ms"]
        self.say("hoarding")

    def fill(self):
        """A chain: a list would ask for kilobytes in one piece to grow, and end while there is room enough for TLS."""
        try:
            while True:
                self.hoard = bytearray(256), self.hoard
        except MemoryError:
            for _ in range(self.params.get("left", 8)):
                self.hoard = self.hoard[1]

    def on_event(self, name, value):
        try:
            super().on_event(name, value)
        except MemoryError:
            self.reserve = None  # to speak with: what is tested is what the library needs
            super().on_event(name, value)

    def event(self, name, value):
        if name == self.params.get("polls_on"):
            self.client.poll()

    def step(self):
        super().step()
        if self.hoard and self.params.get("again") and not self.client.connected:
            self.fill()  # also what the lost link gave back
        if self.hoard and self.clock.elapsed() > self.free_at:
            self.hoard = None
            self.say("freed")
        if self.again:
            self.again = False
            self.attempt("connect", self.client.connect)

    def do_publish_large(self, order):
        """A publish for which the heap has no room."""
        try:
            self.client.publish("out", "x" * order["size"], False, 1)
        except MemoryError:
            self.say("memory", heap=heap_bytes())


if __name__ == "__main__":
    main(Callback)
