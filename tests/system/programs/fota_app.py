"""The application of the boards in the FOTA tests; each version of it behaves as its BEHAVIOUR says.

good: confirms once it is connected; silent: never confirms; deaf: cannot connect; raise: fails at import.
"""

import json
import sys

from aws_iot import Thing
from aws_iot.fota import Fota

VERSION = "1.0.0"
BEHAVIOUR = "good"
FOLDER = sys.argv[1]


def emit(event, **members):
    members["event"] = event
    print(json.dumps(members))


def firmware():
    """Version and behaviour of a firmware image, which the stand-in cannot run: text at the start of its segment."""
    from esp32 import Partition

    head = bytearray(96)
    Partition(Partition.RUNNING).readblocks(0, head)
    words = bytes(head[32:]).split(b" ")
    return (words[1].decode(), words[2].decode()) if words[0] == b"firmware" else (VERSION, BEHAVIOUR)


def ask_now_and_then(thing, slot, options):
    """A program as Zerynth's users write it."""
    from aws_iot.fota import handle_fota_jobs
    from aws_iot.jobs import Jobs

    def other(job):
        emit("other", id=job.id)
        job.update(job.SUCCEEDED)

    thing.mqtt.connect()
    jobs = Jobs(thing)
    while True:
        thing.poll(20)
        if jobs.changed():
            emit("handled", value=handle_fota_jobs(jobs, job_cbk=other, slot=slot, **options))


def start():
    with open(FOLDER + "/board.json") as file:
        settings = json.load(file)
    version, behaviour = firmware() if settings["kind"] == "image" else (VERSION, BEHAVIOUR)
    emit("boot", version=version)
    if behaviour == "raise":
        raise RuntimeError("broken " + version)
    if settings["kind"] == "image":
        from aws_iot.fota.partition import PartitionSlot as Slot
    else:
        from aws_iot.fota.slots import FileSlot as Slot
    slot = Slot(version, FOLDER + "/fota", settings["board"])
    thing = Thing.from_config(FOLDER + "/thing.conf.json")
    if behaviour == "deaf":
        thing.mqtt.port = 1
    options = {
        "public_key": settings["public_key"], "trial_s": settings["trial_s"], "https": settings["https"],
        "stream": settings["stream"], "on_event": lambda event, value: emit("fota", name=event, value=value),
    }  # fmt: skip
    if settings["zerynth"]:
        ask_now_and_then(thing, slot, options)
    fota = Fota(thing, slot, pause_mqtt=settings["pause_mqtt"], **options)

    def told(event, value):
        emit(event, value=str(value))
        if event == "ready" and behaviour == "good":
            fota.confirm()

    thing.on_event(told)
    while True:
        thing.poll(20)


start()
