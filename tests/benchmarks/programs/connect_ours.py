import gc

gc.collect()
start = gc.mem_alloc()
import sys  # noqa: E402

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


thing = connect(int(sys.argv[1]), sys.argv[2:] or None)
gc.collect()
print('{"event": "connected", "start":', start, ', "bytes":', gc.mem_alloc(), "}")
