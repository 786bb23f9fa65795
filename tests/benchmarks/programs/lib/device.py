"""Runs one task with one peer. Arguments: task, peer, host, port, client id, then the task's own.

The task prints its results as JSON lines; "ready" asks the other side to begin.
"""

import json
import sys


def read(name):
    with open(name, "rb") as file:
        return file.read()


def tell(event, **members):
    members["event"] = event
    print(json.dumps(members))


def main(task, peer, host, port, name, *arguments):
    def make(window=1):
        return __import__("peer_" + peer).Peer(
            host, int(port), name, read("thing.crt"), read("thing.key"), read("ca.pem"), window
        )

    __import__("task_" + task).run(make, tell, *map(int, arguments))


main(*sys.argv[1:])
