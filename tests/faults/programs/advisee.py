"""Runs an example's main.py, as it is, in stepped time: the device under test of the local Device Advisor.

DEVICE is JSON: main (path), seed. The working folder holds thing.conf.json, certificate and key.
"""

import json
from os import getenv

from base import Chance

import aws_iot.thing as module


def run(params):
    """main.py sees a Thing whose back-off is the same each time."""
    original = module.Thing.from_config
    chance = Chance(params["seed"])

    def from_config(path="thing.conf.json", **options):
        return original(path, random=chance, **options)

    module.Thing.from_config = from_config
    with open(params["main"]) as file:
        source = file.read()
    exec(compile(source, params["main"], "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    run(json.loads(getenv("DEVICE")))
