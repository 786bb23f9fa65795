"""Runs a program that was written for Zerynth: what its language and its firmware have is played here, not aws_iot.

Arguments: the program's path. It finds the built-ins of Zerynth's Python (sleep in ms, random, new_resource) and the
modules that bring up the board (streams, wireless, espressif.esp32net), which do nothing where there is a network.
"""

import json
import sys
import time
from random import randint


class Anything:
    """A module or object of the firmware: every attribute is there, and may be called."""

    def __getattr__(self, name):
        return Anything()

    def __call__(self, *args):
        return Anything()


class Helpers:
    """The helpers.py that Zerynth's projects have beside main.py."""

    @staticmethod
    def load_key_cert(key, certificate):
        return [Helpers.load(name) + "\0" for name in (key, certificate)]  # its TLS wants a NUL at the end

    @staticmethod
    def load_thing_conf():
        return json.loads(Helpers.load("thing.conf.json"))

    @staticmethod
    def load(name):
        with open(name) as file:
            return file.read()


for module in ("streams", "wireless", "espressif", "espressif.esp32net"):
    sys.modules[module] = Anything()
sys.modules["helpers"] = Helpers
WORLD = {
    "__name__": "__main__",
    "sleep": lambda duration_ms: time.sleep(duration_ms / 1000),
    "random": randint,
    "new_resource": lambda name: None,
}
with open(sys.argv[1]) as file:
    exec(compile(file.read(), sys.argv[1], "exec"), WORLD)
