"""docs/qemu.md: what ran on the emulated board, beside what is wanted of it."""

import datetime
import os
import platform

_HEAD = """# On an emulated board

`make qemu` runs MicroPython's own port to qemu's MPS2-AN385 and writes this page: a Cortex-M3 with 32-bit words,
single-precision floats, and a garbage collector that scans its registers and stack. It is built from Debian's source
package of MicroPython by Debian's compiler and runs under Debian's qemu; `make test` does without it.

What the port of {version} lacks are small files of ours in tests/qemu/port: the clock, Ctrl-C, os.urandom, and LittleFS
and ROMFS on a flash that is a file. When qemu is killed, what was written stays there, as when the power fails.
`socket` stands in for a network that is out of reach. There is no TLS, since Debian's source of MicroPython is without
mbedTLS, and there are no threads. Emulated, the board tells nothing about speed.

Last run: {date}, MicroPython {version}, umqtt.simple 1.3.4, gcc {compiler}, qemu {qemu}, {cores} cores of {machine}.
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
