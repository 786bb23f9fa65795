"""thing flash --line: board after board, at several ports at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Partly, Stopped, ToolError
from ..output import things

if TYPE_CHECKING:
    from ..board.flash import Order
    from ..board.line import Line
    from ..board.line_board import Visit
    from ..output import Output
    from ..shapes import Json
    from ..things.project import Project


def run(out: Output, order: Order, places: list[str], labels: Path | None) -> None:
    """Equip boards until each thing has its own; labels: the folder for these, if they are wanted."""
    from ..board import checks
    from ..board.line import Line
    from ..things import boards, project_cloud

    project = order.project
    left = [project.record(name) for name in (*boards.free(project), *boards.awaited(project))]
    if not left:
        number = len(project.things())
        raise ToolError(
            f"each of the project's {number} things has its board: `thing add` makes more" if number else
            "the project has no things yet: `thing add -n 10` makes ten"
        )  # fmt: skip
    checks.check_all(project, left)
    for record in left:
        project_cloud.check_region(project, record)
    fault = checks.wifi_fault(project)
    if fault:
        out.warn(fault)
    line = Line(order, places)
    out.say(f"{things(len(left))} without a board, {left[0].name} the first; plug in boards at {', '.join(places)}")
    try:
        line.run(
            lambda port, text: out.say(f"{port}: {text}"), lambda visit: _tell(out, project, visit, labels), out.say
        )
    except KeyboardInterrupt:
        raise Stopped(f"stopped: {_sum(line)}; the same command goes on from there") from None
    out.say(_sum(line))
    if line.failed:
        raise Partly(f"{len(line.failed)} failed, and did not come again: see above")


def _tell(out: Output, project: Project, visit: Visit, labels: Path | None) -> None:
    """One board's outcome, on a line of its own."""
    from ..main import sentence
    from ..things import boards

    board = boards.described(project.record(visit.thing)) if visit.thing else None
    document: Json = {
        "port": visit.port, "state": visit.state, "thing": visit.thing, "chip": visit.chip, "seconds": visit.seconds
    }  # fmt: skip
    if visit.error:
        reason = sentence(visit.error)
        document.update(reason=reason, fate=visit.fate)
        words, colour = f"FAILED: {reason}" + (f"; {visit.fate}" if visit.fate else ""), "red"
    elif visit.state == "known":
        words, colour = f"this is {visit.thing} already, since {(board or {})['flashed']}", "yellow"
    else:
        document.update({key: (board or {}).get(key) for key in ("micropython", "library", "program", "flashed")})
        words, colour = f"{visit.thing} is ready, after {visit.seconds:.0f} s", "green"
        if labels:
            from ..board import label

            picture, text = label.write(labels, visit.thing or "")
            document.update(labels=[str(picture), str(text)])
            words += f"; label: {picture}"
    out.line(document, f"{visit.port}: {words}", colour)


def _sum(line: Line) -> str:
    """In words what a line came to."""
    failed = f", {len(line.failed)} failed" if line.failed else ""
    return f"{len(line.done)} board{'' if len(line.done) == 1 else 's'} done{failed}"
