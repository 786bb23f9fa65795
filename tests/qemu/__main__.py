"""`python -m tests.qemu [STAGE ...] [--suite forky]`: what runs on the emulated board, as docs/qemu.md."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aws_iot_tools.errors import ToolError

from tests.harness import ROOT, tally

from . import device_tests, firmware, flashing, frozen, heap, power, report
from .machine import Machine

STAGES = {"flash": flashing, "heap": heap, "frozen": frozen, "device": device_tests, "power": power}
_PAGE = ROOT / "docs" / "qemu.md"


def main(argv=None) -> int:
    options = _options(argv)
    try:
        built = firmware.get(options.suite)
    except ToolError as error:
        print(f"qemu: {error}", file=sys.stderr)
        return 1
    found = {}
    with tempfile.TemporaryDirectory(prefix="aws_iot-qemu-") as folder:
        folder = Path(folder)
        with Machine(built.plain, folder / "board.flash") as board:
            for name, stage in STAGES.items():
                if name != "flash" and name not in options.stages:  # the others stand on what is flashed
                    continue
                start = time.monotonic()
                rows = stage.run(board, built, folder)
                board.kill()
                found[stage] = rows, time.monotonic() - start
                print(report.section(stage, *found[stage]), flush=True)
    if set(options.stages) == set(STAGES):
        _PAGE.write_text(report.page(built, _qemu(), found))
        print(f"{_PAGE.relative_to(ROOT)} is written")
    verdicts = [row.good for rows, _ in found.values() for row in rows]
    print(tally.line(verdicts))
    return 0 if all(verdicts) else 1


def _options(argv):
    parser = argparse.ArgumentParser(prog="python -m tests.qemu", description=__doc__)
    parser.add_argument("stages", nargs="*", default=list(STAGES), help="some of " + ", ".join(STAGES))
    parser.add_argument("--suite", default="trixie", help="the Debian release whose source is built [trixie]")
    options = parser.parse_args(argv)
    for name in options.stages:
        if name not in STAGES:
            parser.error(f"no stage {name}")
    return options


def _qemu() -> str:
    told = subprocess.run(["qemu-system-arm", "--version"], capture_output=True, text=True, check=True).stdout
    return told.split("version ")[1].split()[0]


if __name__ == "__main__":
    sys.exit(main())
