"""Stepped time: what comes of a row is a matter of order, however slow the device, the test or the machine."""

import os
import signal
import threading
import time

import pytest

from tests.harness import broker_packets as mqtt
from tests.harness import stepped
from tests.harness.broker import Link
from tests.harness.broker_faults import Late, Withhold

from .batch import played
from .row import Row, Run, traffic

_RUNTIMES = pytest.mark.parametrize("place", ["mp32", "cpython"])
_DRIVERS = pytest.mark.parametrize("driver", ["poll", "async"])


def _packets(row, place, driver):
    """What the broker got, and when, in a row that must be good."""
    run = Run(row, place, driver)
    stepped.run(run.play())
    return [(str(packet), packet.at) for link in run.broker.links for packet in link.packets]


def _same(one, other):
    """The same packets at the same times; who is first at one moment is chance, and costs a turn of the device."""
    assert sorted(text for text, _ in one) == sorted(text for text, _ in other)
    assert [at for _, at in one] == pytest.approx([at for _, at in other], abs=0.1)


def _slow(function, real_s):
    async def slow(*args, **options):
        time.sleep(real_s)
        await function(*args, **options)

    return slow


def _row(**options):
    return Row("a resent publish", faults=lambda: [Withhold(mqtt.PUBACK, times=1), Late(mqtt.SUBACK, 4)], **options)


@_RUNTIMES
@_DRIVERS
def test_each_time_is_the_same_when_the_broker_is_slow(monkeypatch, place, driver):
    usual = _packets(_row(), place, driver)
    monkeypatch.setattr(Link, "write", _slow(Link.write, 0.3))
    _same(_packets(_row(), place, driver), usual)


@_RUNTIMES
@_DRIVERS
def test_each_time_is_the_same_when_the_device_gets_no_turn(place, driver):
    """Its process is stopped again and again, without its clock being told."""

    async def script(run):
        device = await run.start()
        threading.Thread(target=hold, args=(device._process.pid,)).start()
        await traffic(run)

    def hold(pid):
        for _ in range(10):
            for number in (signal.SIGSTOP, signal.SIGCONT):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    return
                time.sleep(0.05)

    _same(_packets(_row(script=script), place, driver), _packets(_row(), place, driver))


@_RUNTIMES
def test_a_device_that_neither_waits_nor_ends_is_a_hang(monkeypatch, place):
    async def script(run):
        device = await run.start()
        await device.says("ready")
        monkeypatch.setattr(stepped, "HANG_S", 0.5)
        os.kill(device._process.pid, signal.SIGSTOP)
        await run.tell("to nobody")
        await device.says("got")

    assert "ended (-9) before 'got'" in played(Row("hangs", script=script), place, "poll").problem
