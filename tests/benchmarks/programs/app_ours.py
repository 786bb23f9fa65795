"""A whole program with this library: connects and answers deltas. Arguments: port, how many, the response topics."""

import sys

from aws_iot import Thing


def read(name):
    with open(name, "rb") as file:
        return file.read()


def make(port, topics):
    files = read("thing.crt"), read("thing.key"), None, read("ca.pem")
    return Thing("localhost", "thing", *files, port=port, shadow_topics=topics)


def connect(port, topics):
    thing = make(port, topics)  # elsewhere, so that the files' contents do not stay on this function's stack
    thing.on_shadow_request(answer)
    thing.connect()
    while not thing.ready:
        thing.poll(1000)
    return thing


def answer(state):
    seen[0] += 1
    return state


seen = [0]
thing = connect(int(sys.argv[1]), sys.argv[3:] or None)
print('{"event": "connected"}')
while seen[0] < int(sys.argv[2]) or thing.kept:
    thing.poll(1000)
print('{"event": "done"}')
