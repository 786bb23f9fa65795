"""The table in docs/versions.md: read as it stands, some rows replaced, written back."""

from pathlib import Path

from tests.harness import ROOT

from .suites import SUITES

DOCUMENT = ROOT / "docs" / "versions.md"
_BEGIN, _END = "<!-- written by make matrix -->\n", "<!-- to here -->\n"
_KEYS = ("MicroPython", "bits", "run on", "umqtt.simple")
HEADER = (*_KEYS, *(suite.name for suite in SUITES), "seen")


def row(pair, results: dict) -> tuple:
    """The cells of one pair; results: suite's name -> {"passed", "failed", "date"}. The oldest date is its own."""
    cells = [_cell(results[suite.name]) if pair.bits in suite.bits else "-" for suite in SUITES]
    date = min(result["date"] for result in results.values())
    return (pair.firmware, str(pair.bits), pair.run_on, pair.umqtt, *cells, date)


def _cell(result: dict) -> str:
    return str(result["passed"]) + (f", **{result['failed']} failed**" if result["failed"] else "")


def update(rows: list, document: Path) -> None:
    """Put rows in the place of those for the same firmware, word size and kind of interpreter, and add the others."""
    head, rest = document.read_text().split(_BEGIN)
    old, tail = rest.split(_END)
    table = {_key(cells): cells for cells in (*_parse(old), *rows)}
    lines = [_line(HEADER), _line(["---"] * len(HEADER)), *(_line(table[key]) for key in sorted(table, key=_order))]
    document.write_text(head + _BEGIN + "\n".join(["", *lines, "", ""]) + _END + tail)


def _parse(text: str) -> list:
    lines = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in text.splitlines() if line]
    return [cells for cells in lines[2:] if len(cells) == len(HEADER)]


def _key(cells) -> tuple:
    return cells[0], cells[1], "given" in cells[2]


def _order(key) -> tuple:
    release, bits, given = key
    return given, [int(part) for part in release.split(", ")[0].split(".")], -int(bits)


def _line(cells) -> str:
    return "| " + " | ".join(cells) + " |"
