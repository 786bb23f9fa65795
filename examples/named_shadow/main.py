"""Keeps a configuration in the named shadow "config": versioned, readable, and checked before it is reported."""

from aws_iot import LinkError, Rejected, ResponseTimeout, Thing

thing = Thing.from_config("thing.conf.json")
config = thing.named_shadow("config")
settings = {"threshold": 20, "unit": "C"}


def on_delta(requested):
    accepted = {}
    for name, value in requested.items():
        if name in settings and type(value) is type(settings[name]):
            settings[name] = accepted[name] = value
        else:
            print("refused:", name, value)
    print("settings:", settings)
    return accepted or None


def count_start():
    """Count this start in the shadow; by its version nobody else's change is overwritten."""
    while True:
        try:
            document = config.get()
            starts = document["state"].get("reported", {}).get("starts")
            version = document["version"]
        except Rejected as error:
            if error.code != 404:  # 404: the shadow does not exist yet
                raise
            starts = version = None
        if type(starts) is not int:  # whoever may write the shadow may write anything
            starts = 0
        try:
            answer = config.update(reported={"starts": starts + 1}, version=version)
            print("start", starts + 1, "is version", answer["version"])
            return
        except Rejected as error:
            if error.code != 409:  # 409: the shadow changed since it was read
                raise


config.on_delta(on_delta)
thing.on_event(lambda event, value: print(event, "" if value is None else value))
counted = False
while not counted:
    try:
        thing.connect()
        count_start()
        counted = True
    except LinkError as error:  # no network yet, for one
        print("not counted yet:", error)
    except (ResponseTimeout, Rejected) as error:
        print("not counted:", error)
        counted = True
config.report(settings)
thing.loop_forever()
