import gc

gc.collect()
start = gc.mem_alloc()
import sys  # noqa: E402

import aws_iot  # noqa: E402
from aws_iot import Thing  # noqa: E402


def read(name):
    with open(name, "rb") as file:
        return file.read()


def make(port, topics):
    files = read("thing.crt"), read("thing.key"), None, read("ca.pem")
    return Thing("localhost", "thing", *files, port=port, shadow_topics=topics)


def connect(port, topics):
    thing = make(port, topics)  # elsewhere, so that the files' contents do not stay on this function's stack
    thing.on_shadow_request(lambda state: state)
    thing.connect()
    for _ in range(50):
        thing.poll(10)
    return thing


def overwrite(depth):
    """What earlier calls have left in the stack, where the collector takes it for pointers."""
    return depth and overwrite(depth - 1)


thing = connect(int(sys.argv[1]), sys.argv[2:] or None)
gc.collect()
full = gc.mem_alloc()
aws_iot.keep(1 << 30)  # of what was lent nothing
overwrite(30)
gc.collect()
print('{"event": "connected", "start":', start, ', "full":', full, ', "bytes":', gc.mem_alloc(), "}")
