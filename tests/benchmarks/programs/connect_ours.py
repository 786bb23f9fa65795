import gc
import sys

from aws_iot import Thing


def read(name):
    with open(name, "rb") as file:
        return file.read()


thing = Thing(
    "localhost", "thing", read("thing.crt"), read("thing.key"), None, read("ca.pem"),
    port=int(sys.argv[1]), shadow_topics=sys.argv[2:] or None,
)  # fmt: skip
thing.on_shadow_request(lambda state: state)
thing.connect()
for _ in range(50):
    thing.poll(10)
gc.collect()
print('{"event": "connected", "bytes":', gc.mem_alloc(), "}")
