import gc

gc.collect()
start = gc.mem_alloc()
import sys  # noqa: E402

from aws_iot import Thing  # noqa: E402


def read(name):
    with open(name, "rb") as file:
        return file.read()


def connect(port, topics):
    thing = Thing(
        "localhost",
        "thing",
        read("thing.crt"),
        read("thing.key"),
        None,
        read("ca.pem"),
        port=port,
        shadow_topics=topics,
    )
    thing.on_shadow_request(lambda state: state)
    thing.connect()
    for _ in range(50):
        thing.poll(10)
    return thing


thing = connect(int(sys.argv[1]), sys.argv[2:] or None)
gc.collect()
print('{"event": "connected", "start":', start, ', "bytes":', gc.mem_alloc(), "}")
