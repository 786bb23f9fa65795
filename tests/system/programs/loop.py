"""A thing that loop() drives in the background, while threads of the program use it. Arguments: the path of
thing.conf.json, the scenario's name. Says "done" with what the threads could not do.
"""

import json
import sys
from _thread import allocate_lock, start_new_thread
from time import sleep

from aws_iot import Thing
from aws_iot.jobs import Jobs  # here: a port without a global lock has none for the table of modules, either

_COUNT = 30  # calls of each thread
_LOCK = allocate_lock()
ERRORS = []
HEARD = []


def emit(event, **members):
    members["event"] = event
    with _LOCK:
        print(json.dumps(members))


def together(*functions):
    """Run each function in a thread of its own, to the end of all."""
    left = list(functions)

    def run(function):
        try:
            function()
        except Exception as error:
            with _LOCK:
                ERRORS.append(f"{function.__name__}: {error!r}")
        with _LOCK:
            left.remove(function)

    for function in functions:
        start_new_thread(run, (function,))
    wait(lambda: not left)


def wait(done, patience_s=100):
    """Until done() is true; the thing is not touched meanwhile."""
    for _ in range(patience_s * 100):
        if done():
            return
        sleep(0.01)
    with _LOCK:
        ERRORS.append("not done in time")


def hear(topic, payload):
    HEARD.append(int(payload))


def publisher(thing, number):
    def publish():
        for count in range(_COUNT):
            thing.mqtt.publish(f"dt/{thing.thingname}/{number}", str(count), qos=1)

    return publish


def publish_and_subscribe(thing):
    """Two publish, one hears, one subscribes to others and gives them back."""
    name = thing.thingname
    thing.mqtt.subscribe(f"dt/{name}/0", 1, hear)

    def subscribe():
        for number in range(_COUNT // 3):
            topic = f"other/{name}/{number}"
            thing.mqtt.subscribe(topic, 1, hear)
            thing.mqtt.unsubscribe(topic)

    together(publisher(thing, 0), publisher(thing, 1), subscribe)
    wait(lambda: len(HEARD) >= _COUNT)
    if sorted(HEARD) != list(range(_COUNT)):
        ERRORS.append(f"heard {HEARD}")


def request_and_publish(thing):
    """One asks the shadow service and awaits each answer, while another reports and one publishes."""

    def request():
        for count in range(_COUNT):
            answer = thing.shadow.update(reported={"asked": count})
            if answer["state"]["reported"] != {"asked": count}:
                raise ValueError(answer)

    def report():
        for count in range(_COUNT):
            thing.update_shadow({"told": count})

    together(request, report, publisher(thing, 0))
    wait(lambda: not thing.mqtt.kept and not thing.shadow.pending)


def connect_again(thing):
    """After disconnect() and connect() the thread is there again: what comes is heard, nobody polls."""
    topic = f"dt/{thing.thingname}/0"
    thing.mqtt.subscribe(topic, 1, hear)
    for count in range(3):
        thing.mqtt.disconnect()
        sleep(0.2)  # the thread notices, and ends
        thing.mqtt.connect()
        thing.mqtt.loop()
        thing.mqtt.publish(topic, str(count), qos=1)
        wait(lambda: count in HEARD)  # noqa: B023  called in this round only
        if ERRORS:
            return


def connect_again_without_loop(thing):
    """As Zerynth's: a loop() lasts."""
    thing.mqtt.loop = lambda: None
    connect_again(thing)


def leave_while_busy(thing):
    """disconnect() and connect() from one thread, while others publish: they get an error, or it is delivered."""
    refused = []

    def publish():
        for count in range(_COUNT):
            try:
                thing.mqtt.publish(f"dt/{thing.thingname}/0", str(count), qos=1)
            except OSError as error:
                refused.append(error)
            sleep(0.01)

    def leave():
        for _ in range(3):
            sleep(0.1)
            thing.mqtt.disconnect()
            sleep(0.1)
            thing.mqtt.connect()
            thing.mqtt.loop()

    together(publish, leave)
    wait(lambda: not thing.mqtt.kept)


def run_jobs(thing):
    """Jobs made after loop() are driven by it."""
    jobs = Jobs(thing)
    jobs.handle("blink", lambda job: HEARD.append(job.id))
    emit("waiting")
    wait(lambda: HEARD and jobs.done)


def care(thing):
    """Health, and what two threads write to the log: each byte of it comes, or is counted as lost."""
    health = thing.health("1.2.0", path=None)
    log = thing.log(period_s=0.05, size_bytes=256)

    def writer(number):
        def write():
            for count in range(10 * _COUNT):
                log.write("%d %d\n" % (number, count))
            log.write("end\n")

        return write

    together(writer(0), writer(1), publisher(thing, 0))
    wait(lambda: not log.count and health.connects)  # it reports after a second
    emit("written", lost=log.lost)


def main(path, scenario):
    thing = Thing.from_config(path)
    thing.on_error(lambda error: ERRORS.append(f"on_error: {error!r}"))
    thing.mqtt.connect()
    thing.mqtt.loop()
    globals()[scenario](thing)
    thing.mqtt.disconnect()
    emit("done", errors=ERRORS)


main(*sys.argv[1:])
