"""A whole program with this library: connects and answers deltas. Arguments: port, how many, the response topics."""

import sys

from aws_iot import Thing


def answer(state):
    seen[0] += 1
    return state


seen = [0]
thing = Thing(
    "localhost", "thing", open("thing.crt").read(), open("thing.key").read(), None, open("ca.pem").read(),
    port=int(sys.argv[1]), shadow_topics=sys.argv[3:] or None,
)  # fmt: skip
thing.on_shadow_request(answer)
thing.connect()
while not thing.ready:
    thing.poll(1000)
print('{"event": "connected"}')
while seen[0] < int(sys.argv[2]) or thing.kept:
    thing.poll(1000)
print('{"event": "done"}')
