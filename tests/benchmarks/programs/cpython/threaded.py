"""What the peers share that receive in a thread of their own."""

import json
import threading


class Threaded:
    """Subclasses set `_publish(topic, payload, qos, done)`, where `done()` is called on PUBACK."""

    def __init__(self, name, window):
        self.shadow = f"$aws/things/{name}/shadow/update"
        self.arrived = threading.Event()
        self.room = threading.Semaphore(window)
        self.window = window
        self.flying = 0

    def delta(self, answer, payload):
        state = answer(json.loads(payload)["state"])
        if state is not None:
            self.report(state)
        self.arrived.set()

    def report(self, state):
        self.flying += 1
        self._publish(self.shadow, json.dumps({"state": {"reported": state}}).encode(), 1, self._acknowledged)

    def _acknowledged(self):
        self.flying -= 1
        self.arrived.set()

    def publish(self, topic, payload, qos):
        if not qos:
            self._publish(topic, payload, 0, None)
            return
        self.room.acquire()
        self._publish(topic, payload, 1, self.room.release)
        if self.window == 1:
            self.drain()

    def drain(self):
        for _ in range(self.window):
            self.room.acquire()
        self.room.release(self.window)
        while self.flying:
            self.wait()

    def wait(self):
        self.arrived.wait(1)
        self.arrived.clear()

    def poll(self):
        pass
