"""aws_iot.care: what a board tells of itself, what ended its program, and what it prints."""

import gc
import os
import sys
from json import loads

from peer import Peer
from samples import folder, raises

import aws_iot
from aws_iot.care import note, vitals
from aws_iot.errors import StateError
from aws_iot.record import remove
from aws_iot.shadow import Shadow
from aws_iot.thing import Thing

_MICROPYTHON = sys.implementation.name == "micropython"
_HEALTH = "$aws/things/me/shadow/name/health/update"


class _Board:
    """A Thing behind a Peer; files in a folder of its own."""

    def __enter__(self):
        self.folder = folder("care")
        self.path = self.folder + "/health.json"
        self.peer = Peer().__enter__()
        self.start()
        return self

    def __exit__(self, *error):
        self.peer.__exit__(*error)
        remove(self.folder)

    def start(self):
        """The program begins, as after a reset."""
        self.thing = thing = object.__new__(Thing)
        thing.mqtt, thing.thingname = self.peer.client(window=10), "me"
        thing.shadow = Shadow(thing.mqtt, "me")
        self.peer.sent.clear()

    def wait(self, seconds):
        self.thing.mqtt.until(lambda: False, int(seconds * 1000))

    def told(self):
        """What was reported so far, one dict for each report."""
        found = [loads(payload) for topic, payload, _, _ in self.peer.published() if topic == _HEALTH]
        return [document["state"]["reported"] for document in found]

    def logged(self):
        return [bytes(payload) for topic, payload, _, _ in self.peer.published() if topic == "dt/me/log"]


def test_health_after_each_connect_and_at_its_pace():
    with _Board() as board:
        thing = board.thing
        thing.health("1.2.0", period_s=300, path=board.path)
        thing.connect()
        board.wait(2)
        first = board.told()[0]
        assert (first["version"], first["resets"], first["connects"], first["queue"]) == ("1.2.0", 1, 1, 0)
        assert first["cause"] is None and first["crash"] is None and first["rssi"] is None and first["errors"] == 0
        assert 0 < first["heap_free"] if _MICROPYTHON else first["heap_free"] is None
        board.wait(298)
        assert len(board.told()) == 1
        board.wait(3)
        later = board.told()[1]
        assert 300 <= later["uptime_s"] <= 302 and "version" not in later, "what stays is told once for a connection"


def test_links_that_come_and_go_are_told_of_once_a_minute_and_by_their_cause():
    with _Board() as board:
        board.thing.health(period_s=3600, path=None)
        board.thing.connect()
        board.wait(2)
        for _ in range(3):
            board.peer.close_link()
            board.wait(8)
        assert len(board.told()) == 1
        board.wait(60)
        first, second = board.told()
        assert second["connects"] == 4 and "closed" in second["cause"] and "resets" in second
        assert second["version"] is None and second["resets"] is None, "no file, no version"


def test_without_a_link_nothing_is_told_and_the_uptime_goes_on():
    """Longer than half of what the ticks count: a difference of two of them would be wrong."""
    with _Board() as board:
        board.thing.health(path=None)
        board.thing.connect()
        board.wait(2)
        board.thing.disconnect()
        for _ in range(7 * 24):
            board.thing.poll(3600000)
        assert len(board.told()) == 1
        board.thing.connect()
        board.wait(2)
        assert 7 * 86400 <= board.told()[1]["uptime_s"] <= 7 * 86400 + 5 and len(board.told()) == 2


def test_a_crash_is_told_after_the_restart_and_stays_told():
    with _Board() as board:

        def program():
            with board.thing.health(path=board.path):
                board.thing.connect()
                {}["no such key"]

        raises(KeyError, program)
        for resets in (2, 3):
            board.start()
            board.thing.health(path=board.path)
            board.thing.connect()
            board.wait(2)
            told = board.told()[0]
            assert (told["resets"], told["crashes"]) == (resets, 1)
            assert "program" in told["crash"] and "no such key" in told["crash"] and len(told["crash"]) <= 500


def test_what_ends_a_program_on_purpose_is_no_crash():
    with _Board() as board:
        health = board.thing.health(path=board.path)
        for error in (None, KeyboardInterrupt(), SystemExit(0)):
            assert health.__exit__(type(error), error, None) is False
        assert note.load(board.path) == {"resets": 1}


def test_a_note_that_is_cut_off_or_damaged_keeps_no_program_from_its_start():
    with _Board() as board:
        note.begin(board.path)
        os.rename(board.path, board.path + ".new")  # cut on FAT, between the two names
        assert note.begin(board.path)["resets"] == 2
        for text in ("", "[]", '{"resets": "9", "crash": 1, "other": 2}'):
            with open(board.path, "w") as file:
                file.write(text)
            assert note.begin(board.path) == {"resets": 1}
        assert note.begin("/no/such/folder/health.json") == {}, "not counted, so not told"


def test_what_is_no_period_and_no_size_is_refused():
    with _Board() as board:
        assert "10 to 86400" in str(raises(ValueError, lambda: board.thing.health(period_s=5)))
        assert "64 to 8192" in str(raises(ValueError, lambda: board.thing.log(size_bytes=9)))
        assert board.thing.mqtt.schedule == [] and not note.load(board.path)


class _Machine:
    """Stands in for the part of the machine module that tells why the board began anew.

    https://docs.micropython.org/en/latest/library/machine.html#machine.reset_cause
    """

    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
    cause = 3

    def reset_cause(self):
        return self.cause


class _Network:
    """Stands in for the network module: a station; see tests/harness/standins/network.py."""

    STA_IF = 0
    joined = True

    def WLAN(self, interface):  # noqa: N802
        return self

    def isconnected(self):
        return self.joined

    def status(self, name):
        assert name == "rssi"
        return -61


def test_the_reset_and_the_radio_in_words():
    before = {name: sys.modules.get(name) for name in ("machine", "network")}
    machine = sys.modules["machine"] = _Machine()
    network = sys.modules["network"] = _Network()
    try:
        assert vitals.reset() == "watchdog" and vitals.rssi() == -61
        machine.cause, network.joined = 7, False
        assert vitals.reset() == "7" and vitals.rssi() is None
        sys.modules["machine"] = sys.modules["network"] = object()
        assert vitals.reset() is None and vitals.rssi() is None
    finally:
        for name in before:
            if before[name]:
                sys.modules[name] = before[name]
            else:
                del sys.modules[name]


# -- what is printed


class _Dupterm:
    """Stands in for os.dupterm, which the unix port has not: what is printed goes to the stream as a bytearray that is
    valid during the call, and a stream that raises is put out.

    https://docs.micropython.org/en/latest/library/os.html#os.dupterm
    """

    def __init__(self):
        self.stream = None
        self.os = os

    def __enter__(self):
        if _MICROPYTHON:
            sys.modules["os"] = self
            aws_iot.keep(1 << 29)  # what was lent, and has the os of before, is lent anew
        else:
            os.dupterm = self.dupterm
        return self

    def __exit__(self, *_):
        if _MICROPYTHON:
            sys.modules["os"] = self.os
            aws_iot.keep(1 << 29)
        else:
            del os.dupterm

    def __getattr__(self, name):
        return getattr(os, name)

    def dupterm(self, stream, index=0):
        before, self.stream = self.stream, stream
        return before

    def print(self, text):
        data = bytearray(text.encode())
        if self.stream:
            try:
                self.stream.write(data)
            except Exception:
                self.stream = None
        data[:] = b"\0" * len(data)


def test_what_is_printed_is_published_at_a_pace():
    with _Board() as board, _Dupterm() as terminal:
        assert board.thing.log() is board.thing.log(), "a thing has one"
        terminal.print("before\n")
        board.thing.connect()
        board.wait(3)
        assert board.logged() == [b"before\n"]
        for number in range(10):
            terminal.print("%d\n" % number)
            board.wait(0.1)
        board.wait(2)
        assert b"".join(board.logged()) == b"before\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n" and len(board.logged()) <= 4
        assert terminal.stream


def test_the_oldest_makes_room_and_that_is_told():
    with _Board() as board, _Dupterm() as terminal:
        board.thing.log(size_bytes=64)
        for number in range(30):  # 240 bytes, offline
            terminal.print("line %02d\n" % number)
        board.thing.connect()
        board.wait(3)
        kept = b"".join([b"line %02d\n" % number for number in range(22, 30)])
        assert board.logged() == [b"[176 bytes lost]\n" + kept]
        terminal.print("and on")
        board.wait(2)
        assert board.logged()[1] == b"and on"


def test_a_print_about_the_sending_is_not_sent():
    """Else each message would make the next."""
    with _Board() as board, _Dupterm() as terminal:
        log = board.thing.log()
        board.thing.connect()
        board.wait(2)
        publish = board.thing.mqtt.publish

        def loud(topic, *args):
            terminal.print("publishing\n")
            return publish(topic, *args)

        board.thing.mqtt.publish = loud
        terminal.print("x")
        board.wait(30)
        assert board.logged() == [b"x"] and log.lost == 11


def test_without_a_link_it_waits_and_is_not_lost():
    with _Board() as board, _Dupterm() as terminal:
        board.thing.log()
        board.thing.connect()
        board.peer.close_link()
        board.wait(1)
        terminal.print("gone\n")
        board.wait(150)
        assert board.logged() == [b"gone\n"]


def test_text_and_bytes_can_be_written_where_there_is_no_dupterm():
    with _Board() as board:
        log = board.thing.log()
        board.thing.connect()
        print("hello", 5, file=log)
        log.write("\u00e9")
        log.write(b"\xff")
        board.wait(3)
        assert board.logged() == [b"hello 5\n\xc3\xa9\xff"]


def test_who_has_dupterm_keeps_it():
    with _Board() as board, _Dupterm() as terminal:
        terminal.stream = webrepl = object()
        assert "WebREPL" in str(raises(StateError, board.thing.log))
        assert terminal.stream is webrepl and board.thing.mqtt.schedule == []


def test_taking_what_is_printed_takes_no_memory():
    """print() may be called where there is none to be had."""
    if not _MICROPYTHON:
        return
    with _Board() as board:
        log, data = board.thing.log(size_bytes=64), bytearray(b"0123456789")
        log.write(data)
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        for _ in range(20):
            log.write(data)
        taken = gc.mem_alloc() - before
        gc.enable()
        assert not taken and log.lost == 146, (taken, log.lost)
