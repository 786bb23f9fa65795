"""A device that does what a test tells it: a Thing whose program is Python that comes on stdin, a JSON string a line.

Arguments: the path of thing.conf.json, the Thing's options as JSON (of `keys`, the list KEYS, that gives them when it
has three), "sleepless" when its sleeps are to take no time, "late" when its clock is to be an hour behind, "idle" when
it is not to connect by itself.
Says each event of the thing, each message to `hear`, and the value of what it was told: JSON objects, one a line.
"""

import gc
import json
import select
import sys
import time

if "sleepless" in sys.argv[3:]:
    from sleepless import skip_sleeps

    skip_sleeps()
if "late" in sys.argv[3:]:
    from late import be_late

    be_late()

from aws_iot import Thing  # noqa: E402  it takes the clock that is there

KEYS = []
CONTEXT = {"json": json, "gc": gc, "KEYS": KEYS}


def emit(event, **members):
    members["event"] = event
    print(json.dumps(members))


def plain(value):
    """What JSON can say of a value."""
    if isinstance(value, Exception):
        return str(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def hear(topic, payload):
    emit("message", topic=topic, payload=payload.decode())


def heap():
    """Bytes in use after a collection; None on CPython."""
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else None


def settled():
    """All that the thing accepted has been acknowledged."""
    thing = CONTEXT["thing"]
    return not thing.mqtt.kept and not thing.shadow.pending


def until(done, timeout_s=60):
    """Drive the thing until done() is true; the time only ends what hangs."""
    end = time.time() + timeout_s
    while not done():
        if time.time() > end:
            raise RuntimeError("not done in time")
        CONTEXT["thing"].poll(10)


def obey(source):
    try:
        try:
            value = eval(source, CONTEXT)
        except SyntaxError:
            value = exec(source, CONTEXT)
        emit("answer", value=plain(value))
    except Exception as error:
        kinds = [kind.__name__ for kind in _kinds(type(error))]
        emit("raised", kinds=kinds, text=str(error), code=getattr(error, "code", None))


def _kinds(kind):
    found = [kind]
    for base in kind.__bases__:
        found += _kinds(base)
    return found


def main(path, options):
    options = json.loads(options)
    if "keys" in options:
        KEYS.extend(options["keys"])
        options["keys"] = lambda: KEYS if len(KEYS) == 3 else None
    thing = Thing.from_config(path, **options)
    thing.on_event(lambda event, value: emit(event, value=plain(value), ticks=thing.mqtt.ticks()))
    if "idle" in sys.argv[3:]:
        CONTEXT["idle"] = True
    CONTEXT.update({"thing": thing, "emit": emit, "hear": hear, "heap": heap, "until": until, "settled": settled})
    orders = select.poll()
    orders.register(sys.stdin, select.POLLIN)
    emit("started")
    while True:
        if CONTEXT.get("idle") is None:  # set by a test that drives the thing in another way
            thing.poll(10)
        if orders.poll(0 if CONTEXT.get("idle") is None else 10):
            line = sys.stdin.readline()
            if not line:
                return
            obey(json.loads(line))


main(sys.argv[1], sys.argv[2])
