"""The program that `thing new` writes, on 32-bit MicroPython with an ESP32's heap: nothing that happens ends it."""

import json
import re

import pytest

from tests.harness import ROOT
from tests.harness.observer import Observer
from tests.harness.relay import Relay

from .conftest import desire, document, ministack_site, mosquitto_site, reported
from .test_examples import prints

_HEAP = "112k"
# Plays https://docs.micropython.org/en/latest/library/network.WLAN.html: a radio that is busy at first, and a router
# that is there two seconds later than the board. Nobody asks for the time, since the computer's clock is right.
_NETWORK = """
import time
STA_IF = 0
start = time.ticks_ms()
class WLAN:
    tries = 0
    def __init__(self, interface): pass
    def active(self, on=None): return True
    def disconnect(self): pass
    def connect(self, ssid, password):
        self.tries += 1
        if self.tries == 1:
            raise OSError("Wifi Internal State Error")
    def isconnected(self): return self.tries > 1 and time.ticks_diff(time.ticks_ms(), start) > 2000
"""

pytestmark = pytest.mark.runtimes("mp32")


@pytest.fixture
def start(launch):
    """Starts the program in a project's folder, with some of its text changed; it ends with the test."""

    def run(configuration, **changes):
        folder = configuration.parent
        for name in ("main.py", "helpers.py"):
            text = (ROOT / "tools/template" / name).read_text()
            for old, new in changes.items():
                text = re.sub(rf"^{old} = .*", f"{old} = {new}", text, flags=re.M)
            (folder / name).write_text(text)
        (folder / "wifi.json").write_text('{"ssid": "home", "password": "secret"}')
        return launch(folder / "main.py", heap=_HEAP, cwd=folder)

    return run


def test_it_waits_for_the_router_and_for_aws_and_refuses_what_is_no_period(ministack, start, cloud, name, tmp_path):
    site = ministack_site(ministack)
    with Relay(site.port) as relay:
        relay.cut()
        site.port = relay.port
        configuration = site.project(tmp_path, name)
        (configuration.parent / "network.py").write_text(_NETWORK)
        process = start(configuration, JOIN_MS="500")
        prints(process, "Wi-Fi: Wifi Internal State Error")
        prints(process, "Wi-Fi: joined")
        prints(process, "disconnected")
        relay.restore()
        reported(cloud, name, {"publish_period": 10000})
        for wrong in ("soon", [1], {"a": 1}, 0, -5, True, 2.5, 99, 10**12):
            desire(cloud, name, {"publish_period": wrong})
            prints(process, "refused")
        assert document(cloud, name)["state"]["reported"] == {"publish_period": 10000}
        desire(cloud, name, {"publish_period": 150})
        reported(cloud, name, {"publish_period": 150})
        refused = sum("refused" in event.get("text", "") for event in process.events)
        assert refused < 18, "a value that stays is not refused for ever"


def test_of_an_outage_the_newest_samples_are_left_and_how_many_were_dropped(mosquitto_tls12, start, name, tmp_path):
    site = mosquitto_site(mosquitto_tls12)
    topic = f"dt/{name}/samples"
    with Relay(site.port) as relay, Observer(mosquitto_tls12.plain_port, topic, client_id=name + "-o") as observer:
        site.port = relay.port
        process = start(site.project(tmp_path, name), KEEP="5", settings='{"publish_period": 100}')
        assert json.loads(observer.expect(topic).payload)["dropped"] == 0
        relay.cut()
        prints(process, "disconnected")
        prints(process, "disconnected")  # seconds later: many more than are kept
        relay.restore()
        dropped = 0
        while not dropped:
            dropped = json.loads(observer.expect(topic).payload)["dropped"]
        prints(process, "ready")
