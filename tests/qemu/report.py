"""docs/qemu.md: what ran on the emulated board, beside what is wanted of it."""

import datetime
import os
import platform

_HEAD = """# On an emulated board

`make qemu` runs MicroPython's own port to qemu's MPS2-AN385, a Cortex-M3 with 32-bit words, single-precision floats and a
garbage collector that scans registers and a real stack, and writes this page. It is no part of `make test`. It is built from
Debian's source package of MicroPython by Debian's compiler and run by Debian's qemu; nothing else is downloaded.

What the port of {version} lacks is added by small files of ours in tests/qemu/port: the clock, LittleFS and ROMFS on a flash
that is a file (when qemu is killed, what was written stays there, as when the power fails), Ctrl-C, os.urandom. The board
has no network: `socket` says of each host name that it cannot be found. It has no TLS, since mbedTLS is not in Debian's
source of MicroPython, and no threads. Emulated, it tells nothing about speed.

Last run: {date}, MicroPython {version} (umqtt.simple 1.3.4), gcc {compiler}, qemu {qemu}, on {cores} cores of {machine}.
"""


def page(built, qemu: str, found: dict) -> str:
    head = _HEAD.format(
        version=built.version, date=datetime.date.today(), compiler=built.compiler, qemu=qemu, cores=os.cpu_count(),
        machine=platform.machine(),
    )  # fmt: skip
    steps = "\n".join(f"| {step} | {seconds:.0f} s |" for step, seconds in built.seconds.items())
    made = f"## Made in\n\n| | |\n|---|---:|\n{steps}\n"
    return "\n".join([head, *(section(stage, *rows) for stage, rows in found.items()), made])


def section(stage, rows: list, seconds: float) -> str:
    lines = [f"## {stage.TITLE[0].upper()}{stage.TITLE[1:]}", "", f"{stage.NOTE} {seconds:.0f} s.", ""]
    lines += ["| | wanted | seen |", "|---|---|---|"]
    lines += [f"| {row.what} | {row.wanted} | {row.seen if row.good else f'**{row.seen}**'} |" for row in rows]
    return "\n".join(lines) + "\n"
