"""What boards of a fleet would do, by calls, and what is then to be seen."""

import json
import time
from collections.abc import Callable

from playwright.sync_api import Locator, expect

_AT_ONCE_S = 1
_TRIES = 5


def report(account, thing: str, state: dict, shadow: str | None = None) -> None:
    """A board's report."""
    named = {"shadowName": shadow} if shadow else {}
    payload = json.dumps({"state": {"reported": state}})
    account.client("iot-data").update_thing_shadow(thingName=thing, payload=payload, **named)


def seen_at_once(place: Locator, change: Callable[[str], object]) -> None:
    """A text that change() has AWS take is seen in less than a second, at the best of some tries: what else runs on the
    computer only adds."""
    taken = []
    for number in range(_TRIES):
        text = f"now-{number}"
        change(text)
        begun = time.monotonic()
        expect(place).to_contain_text(text)
        taken.append(time.monotonic() - begun)
        if taken[-1] < _AT_ONCE_S:
            return
    raise AssertionError(f"it is seen after {min(taken):.1f} s and more")
