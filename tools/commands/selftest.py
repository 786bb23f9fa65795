"""thing selftest: examine a board, the library on it and the cloud, and write a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context, say_port
from ..errors import Partly, ToolError
from ..shapes import Json

if TYPE_CHECKING:
    from ..cli import Context
    from ..output import Output
    from ..selftest.device import SerialDevice
    from ..selftest.run import Run
    from ..selftest.stages import Finding


@click.command(cls=Command)
@click.option("--port", metavar="P", envvar="THING_PORT", help="The board's port. [default: the one board found]")
@click.option("--here", is_flag=True, help="Examine this computer's MicroPython in place of a board.")
@click.option("--wifi", type=click.Path(path_type=Path), metavar="FILE",
              help="JSON with ssid and password. [default: wifi.json here, if there is one]")  # fmt: skip
@click.option("--offline", is_flag=True, help="Only the stages that need no network and no account.")
@click.option("--rounds", type=click.IntRange(min=1), default=200, metavar="N", help="How many deltas. [default: 200]")
@click.option("--trial", type=click.IntRange(min=1), default=60, metavar="S",
              help="Seconds that an update has to connect in. [default: 60]")  # fmt: skip
@click.option("--hour", is_flag=True, help="Watch the heap for an hour besides.")
@click.option("--device-advisor", is_flag=True, help="Run AWS's qualification suite besides, up to an hour.")
@click.option("--report", metavar="NAME", help="Write NAME.json and NAME.md. [default: named by board and time]")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@pass_context
def command(
    context: Context,
    port: str | None,
    here: bool,
    wifi: Path | None,
    offline: bool,
    rounds: int,
    trial: int,
    hour: bool,
    device_advisor: bool,
    report: str | None,
    yes: bool,
) -> None:
    """Examine a board, the library on it and the cloud that the credentials point to, in about ten minutes.

    The library and the programs of the test go into a folder of their own on the board, and its main.py is exchanged
    meanwhile; in the account it makes a thing of its own, with jobs, a bucket and a role. All of it is taken away again
    at the end, also after Ctrl-C; the next run deletes what a killed one left. It asks before it begins, and tells what
    it costs. The report, JSON and a page of Markdown, holds no secret and can be sent in.
    """
    from ..selftest import advisor, device, run
    from ..selftest import report as reports

    if offline and (hour or device_advisor):
        raise click.UsageError("--hour and --device-advisor need the network: leave out --offline")
    aws = None if offline else context.aws
    if device_advisor and aws:
        advisor.check(aws)
    out = context.out
    minutes = 60 if hour else 0
    if not here:
        say_port(context, port)
    with device.LocalDevice() if here else _board(port, out) as tested:
        test = run.Run(tested, aws, rounds, trial, minutes, device_advisor, _wifi(wifi))
        out.say(_plan(test))
        if not yes and not click.confirm("Go on?", err=True):
            raise Partly("nothing was done")
        stopped = _examine(test, out)
    paths = reports.write(test, Path(), report)
    out.say(f"report: {paths[1]} and {paths[0]}")
    if out.json:
        out.data(reports.document(test))
    for sentence in test.left:
        out.warn(sentence)
    if stopped:
        raise Partly("stopped before the end; what it had made is taken away again")
    if not test.well:
        failed = [finding.name for finding in test.findings if finding.state == "failed"]
        raise Partly(f"not all is well: {', '.join(failed) or 'see above'}")


def _examine(test: Run, out: Output) -> bool:
    """True when Ctrl-C ended it."""

    def told(finding: Finding) -> None:
        mark = {"ok": "ok  ", "failed": "FAIL", "left out": "-   "}[finding.state]
        out.say(f"{mark} {finding.name}: {finding.text}")

    try:
        test.examine(told, out.say)
    except KeyboardInterrupt:
        return True
    return False


def _board(port: str | None, out: Output) -> SerialDevice:
    from ..board import ports
    from ..selftest.device import SerialDevice

    return SerialDevice(port or ports.find(out.say), lambda total: out.progress(total, "writing"))


def _wifi(path: Path | None) -> Json | None:
    """The Wi-Fi's settings from a file, None where there is none: the board is in a network, or needs none."""
    from .. import journal

    if path is None and not Path("wifi.json").is_file():
        return None
    try:
        found = journal.read_json(path or Path("wifi.json"))
    except FileNotFoundError as error:
        raise ToolError(f"there is no {path}: write the Wi-Fi's ssid and password into it, as in a project") from error
    if not found.get("ssid"):
        return None
    return {"ssid": found["ssid"], "password": found.get("password", "")}


def _plan(test: Run) -> str:
    """What is about to happen, and what it costs."""
    from ..cloud import local_aws
    from ..selftest import cost

    info = test.info
    lines = [f"{info['machine']}, MicroPython {'.'.join(map(str, info['version']))}, {test.device.place}"]
    if test.device.kind == "board":
        lines.append("Its program is stopped, /selftest is written, and main.py exchanged; all is put back at the end.")
    if test.aws:
        cloud = local_aws.serving(test.aws)
        where = f"the local AWS at {test.aws.url}" if cloud else f"AWS in {test.aws.region}"
        lines.append(f"In {where} a thing, jobs, a bucket and a role are made, and deleted at the end.")
        lines += [] if cloud else [cost.sentence(test)]
    return "\n".join(lines)
