"""One door, measured: argument 1 is thing.conf.json, 2 the keys or [], 3 what: heap, report, or the number of calls."""

import gc

gc.collect()
start = gc.mem_alloc()
import json  # noqa: E402
import sys  # noqa: E402

import aws_iot  # noqa: E402
from aws_iot import Thing, ticks_diff, ticks_ms  # noqa: E402


def make():
    keys = json.loads(sys.argv[2])
    return Thing.from_config(sys.argv[1], **({"keys": lambda: keys} if keys else {}))


def connect():
    thing = make()
    thing.on_shadow_request(lambda state: state)
    thing.connect()
    for _ in range(100):
        thing.poll(10)
    return thing


def overwrite(depth):
    """What earlier calls have left in the stack, where the collector takes it for pointers."""
    return depth and overwrite(depth - 1)


def heap():
    thing = connect()
    gc.collect()
    aws_iot.keep(1 << 30)  # of what was lent nothing
    overwrite(30)
    gc.collect()
    print(json.dumps({"event": "done", "value": gc.mem_alloc() - start, "connected": thing.connected}))


def calls(count):
    thing = make()
    thing.http.update({"n": 0})
    began = ticks_ms()
    for number in range(count):
        thing.http.update({"n": number})
    print(json.dumps({"event": "done", "value": ticks_diff(ticks_ms(), began)}))


def report():
    thing = make()
    began = ticks_ms()
    thing.report_once({"value": 21})
    print(json.dumps({"event": "done", "value": ticks_diff(ticks_ms(), began)}))


{"heap": heap, "report": report}.get(sys.argv[3], lambda: calls(int(sys.argv[3])))()
