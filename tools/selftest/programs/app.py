"""The application that jobs reset in their middle, that is updated over the air, and that Device Advisor examines.

What it is to do when it is a new version, `thing selftest` writes into BEHAVIOUR: "good" confirms once it is connected,
"silent" never confirms, "hung" does nothing any more.
"""

import base

from aws_iot.fota import Fota
from aws_iot.fota.slots import FileSlot
from aws_iot.jobs import Jobs

VERSION = "1.0.0"
BEHAVIOUR = "good"
_STEPS = 4


def steps(job):
    """A job that is interrupted by a reset after its second step."""
    for step in range(_STEPS):
        yield {"step": step}
        if step == 1:
            base.say("resetting", job=job.id)
            base.restart()


def resumed(job):
    """The same job after the reset: it goes on behind the step that AWS knows of."""
    first = int(job.details["step"]) + 1
    for step in range(first, _STEPS):
        yield {"step": step, "resumed": first}
    return {"step": _STEPS, "resumed": first}


def start():
    base.say("boot", version=VERSION)
    while BEHAVIOUR == "hung":
        pass
    thing = base.make()
    options = base.settings()
    slot = FileSlot(VERSION, base.FOLDER + "/fota")
    jobs = Jobs(thing)
    jobs.handle("selftest-resumed", steps, resumed)
    jobs.handle("selftest-broken", steps)  # without what could go on with it: it must have FAILED
    fota = Fota(
        thing, slot, jobs, public_key=options["public_key"], trial_s=options["trial_s"],
        on_event=lambda event, value: event != "progress" and base.say("fota", name=event, value=value),
    )  # fmt: skip

    def happened(event, value):
        if event == "ready":
            thing.publish("dt/%s/sample" % thing.thingname, {"version": VERSION}, qos=1)
            if BEHAVIOUR == "good":
                fota.confirm()

    thing.on_event(happened)
    thing.subscribe("cmd/%s/trigger" % thing.thingname, lambda topic, payload: base.say("trigger", bytes=len(payload)))
    thing.on_shadow_request(lambda state: state)
    thing.loop_forever()


start()
