"""A device that does all that the tests of AWS IoT Core Device Advisor look at: see README.md."""

from aws_iot import Thing

thing = Thing.from_config("thing.conf.json", clean_session=False, keepalive=30)
name = thing.thingname


def on_trigger(topic, payload):
    """The message of the tests with a TRIGGER_TOPIC: acknowledged before this is called."""
    print("trigger: %d bytes" % len(payload))


def on_desired(state):
    """Whatever the cloud desires is done, and reported."""
    print("desired:", state)
    return state


def on_job(job):
    """Any job succeeds."""
    print("job:", job.id)


def on_event(event, value):
    """After each connect something of each kind is said."""
    print(event, value)
    if event == "ready":
        thing.publish("dt/%s/sample" % name, {"sample": 1}, qos=1)
        thing.publish("dt/%s/status" % name, "online", qos=1, retain=True)
        thing.report({"status": "online"})


thing.on_event(on_event)
thing.subscribe("cmd/%s/trigger" % name, on_trigger)
thing.on_delta(on_desired)
thing.jobs.handle("advisor", on_job)

while True:
    thing.poll(50)
