"""The golden tables of tests/vectors: facts of AWS with their sources, one JSON object in a line."""

import json

_FOLDER = __file__.replace("\\", "/").rsplit("/", 2)[0] + "/vectors/"


def vectors(name):
    """The rows of one table, in turn."""
    with open(_FOLDER + name + ".jsonl") as file:
        for line in file:
            yield json.loads(line)
