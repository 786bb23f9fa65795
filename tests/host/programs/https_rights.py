"""A board by HTTPS with its certificate: what it may, and may not, is an event each."""

import json

from aws_iot import Rejected, Thing

thing = Thing.from_config()
http = thing.http


def attempt(what, *arguments, **options):
    try:
        what(*arguments, **options)
        return "done"
    except Rejected as error:
        return error.code


print(json.dumps({
    "event": "own", "calls": {"update": attempt(http.update, {"a": 1}),
    "named": attempt(http.update, {"a": 1}, name="settings"), "listed": attempt(http.named_shadows),
    "publish": attempt(http.publish, "dt/" + thing.thingname + "/x", "1"),
    "retained": attempt(http.publish, "dt/" + thing.thingname + "/status", "on", qos=1, retain=True),
    "read": attempt(http.get_retained, "dt/" + thing.thingname + "/status"),
}}))  # fmt: skip
http.thingname = "demo_1"
print(json.dumps({
    "event": "other", "calls": {"get": attempt(http.get), "update": attempt(http.update, {"a": 2}),
    "delete": attempt(http.delete), "named": attempt(http.update, {"a": 2}, name="settings"),
    "listed": attempt(http.named_shadows), "publish": attempt(http.publish, "dt/demo_1/x", "1"),
    "read": attempt(http.get_retained, "dt/demo_1/status"),
}}))  # fmt: skip
