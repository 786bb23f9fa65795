"""The report of a run: JSON for machines, a page of Markdown for people. It holds no key, and no address or network."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import aws_iot

from .. import journal
from ..shapes import Json

if TYPE_CHECKING:
    from .run import Run

FORMAT = 1
_WHERE = "`thing docs hardware send-the-report` tells where to send this."


def document(run: Run) -> Json:
    """The report as JSON has it."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return {
        "format": FORMAT,
        "time": now.isoformat(),
        "library": aws_iot.__version__,
        "device": run.device.kind,
        "machine": run.info["machine"],
        "micropython": ".".join(map(str, run.info["version"])),
        "cloud": run.cloud,
        "well": run.well,
        "stages": [vars(finding) for finding in run.findings],
        "left": run.left,
    }


def page(found: Json) -> str:
    """The report as Markdown."""
    lines = [
        f"# Self-test of aws_iot {found['library']} on {found['machine']}",
        "",
        f"MicroPython {found['micropython']}, on {'a board' if found['device'] == 'board' else found['device']}, with "
        f"{found['cloud'] or 'no network'}, {found['time']}. {'All well.' if found['well'] else 'NOT all well.'}",
        "",
        "| stage | | what was found | s |",
        "|---|---|---|---|",
    ]
    for stage in found["stages"]:
        text = stage["text"].replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {stage['name']} | {stage['state']} | {text} | {stage['seconds']:.0f} |")
    lines += ["", *found["left"], *([""] if found["left"] else []), _WHERE]
    return "\n".join(lines) + "\n"


def write(run: Run, folder: Path, name: str | None = None) -> list[Path]:
    """Write both; -> their paths."""
    found = document(run)
    machine = re.sub(r"[^a-z0-9]+", "-", found["machine"].lower()).strip("-")[:40]
    stem = name or f"selftest-{machine}-{found['time'][:16].replace(':', '')}"
    paths = [folder / f"{stem}.json", folder / f"{stem}.md"]
    journal.write(paths[0], json.dumps(found, indent=2) + "\n")
    journal.write(paths[1], page(found))
    return paths
