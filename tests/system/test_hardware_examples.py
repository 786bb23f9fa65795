"""The examples with a pin in them, as they are, on 32-bit MicroPython: their board's chips are stand-ins, those of
`thing board` (tools/board/played/firmware), which play what datasheets say, and tell what the program did with them.
"""

import json

import pytest
from aws_iot_tools.board.played.board import FIRMWARE

from tests.harness import ROOT
from tests.harness.observer import Observer
from tests.harness.project import write_project
from tests.harness.relay import Relay

from .conftest import desire, document, ministack_site, mosquitto_site, reported

pytestmark = pytest.mark.runtimes("mp32")

_HEAP = "112k"


@pytest.fixture
def start(launch):
    """Starts examples/<folder>/main.py in a project's folder, beside the example's other files."""

    def run(folder: str, configuration, **changes):
        source = ROOT / "examples" / folder
        script = configuration.with_name("main.py")
        text = (source / "main.py").read_text()
        for name, value in changes.items():
            (line,) = [line for line in text.splitlines() if line.startswith(f"{name} = ")]
            text = text.replace(line, f"{name} = {value}")
        script.write_text(text)
        for beside in source.glob("*.py"):
            if beside.name != "main.py":
                (configuration.parent / beside.name).write_text(beside.read_text())
        return launch(script, heap=_HEAP, cwd=configuration.parent, extra_paths=[FIRMWARE])

    return run


def _set(conf, name: str, value: str) -> None:
    """What a chip is to measure, all at once: the program may read it in the middle of this."""
    path = conf.with_name(name)
    path.with_suffix(".new").write_text(value)
    path.with_suffix(".new").replace(path)


def test_button_led(ministack, start, cloud, name, tmp_path):
    conf = ministack_site(ministack).project(tmp_path, name)
    board = start("button_led", conf)
    board.expect("pin", number=2, level=0)
    reported(cloud, name, {"led": False, "presses": 0})
    desire(cloud, name, {"led": True})
    board.expect("pin", number=2, level=1)
    reported(cloud, name, {"led": True, "presses": 0})
    desire(cloud, name, {"led": "bright"})
    _set(conf, "pin4", "0")
    board.expect("pin", number=2, level=0)
    reported(cloud, name, {"led": False, "presses": 1})
    _set(conf, "pin4", "1")
    while not [event for event in board.settle(2) if event["event"] == "pin"]:  # a busy board may miss one or the other
        _set(conf, "pin4", "1")
        board.settle(0.3)
        _set(conf, "pin4", "0")
    board.expect("pin", number=2, level=1)
    reported(cloud, name, {"led": True, "presses": 2})
    state = document(cloud, name)["state"]
    assert state["desired"] == {"led": True} and "delta" not in state


def _integers(raw_t: int, raw_p: int, raw_h: int) -> tuple:
    """What the datasheet's other formulas give, in integers (BST-BME280-DS002, section 4.2.3), for that chip."""
    t1, t2, t3 = 27504, 26435, -1000
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000
    h1, h2, h3, h4, h5, h6 = 75, 362, 0, 313, 50, 30
    fine = (((raw_t >> 3) - (t1 << 1)) * t2 >> 11) + ((((raw_t >> 4) - t1) ** 2 >> 12) * t3 >> 14)
    a = fine - 128000
    b = a * a * p6 + ((a * p5) << 17) + (p4 << 35)
    a = ((a * a * p3) >> 8) + ((a * p2) << 12)
    a = (((1 << 47) + a) * p1) >> 33
    p = (((1048576 - raw_p) << 31) - b) * 3125 // a
    p = ((p + (p9 * (p >> 13) * (p >> 13) >> 25) + (p8 * p >> 19)) >> 8) + (p7 << 4)
    h = fine - 76800
    h = (((raw_h << 14) - (h4 << 20) - h5 * h + 16384) >> 15) * (
        ((((h * h6 >> 10) * ((h * h3 >> 11) + 32768) >> 10) + 2097152) * h2 + 8192) >> 14
    )
    h -= ((h >> 15) ** 2 >> 7) * h1 >> 4
    return ((fine * 5 + 128) >> 8) / 100, p / 25600, (h >> 12) / 1024


def test_bme280(ministack, start, cloud, name, tmp_path):
    conf = ministack_site(ministack).project(tmp_path, name)
    board = start("bme280", conf)
    text = board.expect_that(lambda event: event.get("text", "").startswith("sample {"))["text"]
    values = json.loads(text.removeprefix("sample ").replace("'", '"'))
    celsius, hpa, percent = _integers(519888, 415148, 30000)
    assert (celsius, round(hpa, 2)) == (25.08, 1006.53), "the datasheet's own example"
    assert abs(values["celsius"] - celsius) < 0.011 and abs(values["hpa"] - hpa) < 0.02
    assert abs(values["percent"] - percent) < 0.11 and 10 < percent < 90
    reported(cloud, name, {"period_s": 10, "climate": values})
    desire(cloud, name, {"period_s": 1})
    reported(cloud, name, {"period_s": 1, "climate": values})
    _set(conf, "pulled", "1")
    board.expect_that(lambda event: event.get("text", "").startswith("no sample:"))
    (conf.parent / "pulled").unlink()
    board.expect_that(lambda event: event.get("text", "").startswith("sample {"))


def test_neopixel(mosquitto_tls12, start, name, tmp_path):
    with Observer(mosquitto_tls12.plain_port, f"dt/{name}/#", client_id=name + "-o") as observer:
        board = start("neopixel", mosquitto_site(mosquitto_tls12).project(tmp_path, name))
        board.expect("pixels", pin=5, colours=[[0, 0, 0]] * 8)
        board.expect_that(lambda event: event.get("text") == "ready ")

        def answered(command: str) -> dict:
            observer.publish(f"cmd/{name}/pixels", command, qos=1)
            return json.loads(observer.expect(f"dt/{name}/pixels").payload)

        assert answered('{"all": "#ff0000"}') == {"ok": True, "pixels": 8}
        board.expect("pixels", colours=[[64, 0, 0]] * 8)
        assert answered('{"0": "#0000ff", "7": "#008000"}') == {"ok": True, "pixels": 2}
        board.expect("pixels", colours=[[0, 0, 64]] + [[64, 0, 0]] * 6 + [[0, 32, 0]])
        for wrong in ('{"8": "#ffffff"}', '{"all": "red"}', '{"0": 7}', '{"x": "#ffffff"}', "[1]", "no JSON", "null"):
            assert answered(wrong)["ok"] is False, wrong
        assert answered('{"1": "#000000"}')["ok"]
        board.expect("pixels", colours=[[0, 0, 64], [0, 0, 0]] + [[64, 0, 0]] * 5 + [[0, 32, 0]])


def test_battery_node(ministack, start, cloud, name, tmp_path):
    """Each start is a wake-up."""
    conf = ministack_site(ministack).project(tmp_path, name)
    _set(conf, "adc35", "1950000")

    def wake() -> tuple:
        board = start("battery_node", conf)
        asleep_ms = board.expect("asleep")["time_ms"]
        board.stop()
        return [event["text"] for event in board.events if event["event"] == "print"], asleep_ms

    assert wake() == (["reported 3900 mV, 0 unsent before"], 3600000)
    desire(cloud, name, {"period_s": 600})
    assert wake()[1] == 600000
    good = conf.read_text()
    conf.write_text(good.replace(f'"port": {ministack.port}', '"port": 1'))
    for _ in range(2):
        (text,), slept_ms = wake()
        assert text.startswith("not reported:") and "cannot be reached" in text and slept_ms == 600000
    conf.write_text(good)
    assert wake()[0] == ["reported 3900 mV, 2 unsent before"]
    assert document(cloud, name)["state"]["reported"] == {"battery_mv": 3900, "unsent": 2, "period_s": 600}
    _set(conf, "adc35", "1600000")
    assert wake() == (["battery empty: 3200"], 86400000)


def test_relay_watchdog(ministack, start, cloud, name, tmp_path):
    thing = ministack.make_thing(name)
    with Relay(ministack.port) as network:
        conf = write_project(tmp_path, name, network.port, thing.certificate, thing.key, ministack.ca)
        board = start("relay_watchdog", conf, ALONE_MS=1000)
        board.expect("pin", number=26, level=0)
        assert board.expect("watchdog")["timeout_ms"] == 30000
        desire(cloud, name, {"relay": True})
        board.expect("pin", number=26, level=1)
        reported(cloud, name, {"relay": True, "why": "as desired"})
        network.cut()
        board.expect("pin", number=26, level=0)
        network.restore()
        board.expect("pin", number=26, level=1)  # what is desired still holds
        reported(cloud, name, {"relay": True, "why": "as desired"})
        assert not [event for event in board.events if event["event"] == "reset"]


def test_a_step_that_hangs_is_ended_by_the_watchdog(ministack, start, name, tmp_path):
    board = start("relay_watchdog", ministack_site(ministack).project(tmp_path, name), WATCHDOG_MS=-1)
    assert board.wait() == 1
    assert board.expect("reset")


def test_oled_status(ministack, start, cloud, name, tmp_path):
    thing = ministack.make_thing(name)
    with Relay(ministack.port) as network:
        board = start(
            "oled_status", write_project(tmp_path, name, network.port, thing.certificate, thing.key, ministack.ca)
        )

        def shows(*beginnings: str) -> None:
            board.expect_that(
                lambda event: event["event"] == "screen" and len(event["lines"]) == 8
                and all(line.startswith(begin) for begin, line in zip(beginnings, event["lines"], strict=False)),
                description=f"screen {beginnings}",
            )  # fmt: skip

        shows(name, "ready ")
        desire(cloud, name, {"text": "Lunch is at noon, and the door is open"})
        shows(name, "ready ", "Lunch is at noon", ", and the door i", "s open")
        network.cut()
        shows(name, "disconnected ")
        network.restore()
        shows(name, "ready ")
