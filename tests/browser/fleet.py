"""What boards of a fleet would do, by calls."""

import json


def report(account, thing: str, state: dict, shadow: str | None = None) -> None:
    """A board's report."""
    named = {"shadowName": shadow} if shadow else {}
    payload = json.dumps({"state": {"reported": state}})
    account.client("iot-data").update_thing_shadow(thingName=thing, payload=payload, **named)
