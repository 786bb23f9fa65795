"""Runs an example's main.py, as it is, with a fast clock: the device under test of the local Device Advisor.

DEVICE is JSON: main (path), clock (factor), seed. The working folder holds thing.conf.json, certificate and key.
"""

import json
from os import getenv

from device_base import Chance, Clock

import aws_iot.thing as module


def run(params):
    """main.py sees a Thing whose ticks run faster."""
    original = module.Thing.from_config
    clock, chance = Clock(params["clock"], 0), Chance(params["seed"])

    def from_config(path="thing.conf.json", **options):
        return original(path, ticks_ms=clock, random=chance, **options)

    module.Thing.from_config = from_config
    with open(params["main"]) as file:
        source = file.read()
    exec(compile(source, params["main"], "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    run(json.loads(getenv("DEVICE")))
