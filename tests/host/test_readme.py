"""README.md: short, its picture what `make demo` showed, and its figures those of BENCHMARKS.md."""

import html
import re

from ..harness import ROOT

_README = (ROOT / "README.md").read_text()
_BENCHMARKS = (ROOT / "BENCHMARKS.md").read_text()


def _measured(section: str, row: str, column: int) -> float:
    """A figure, in brackets, of the first table of a section."""
    table = _BENCHMARKS[_BENCHMARKS.index(f"\n## {section}") :]
    line = next(line for line in table.splitlines() if line.startswith(f"| {row} |"))
    return float(re.search(r"\(([\d.,]+)\)", line.split("|")[column + 1]).group(1).replace(",", ""))


def _claimed(beginning: str) -> list:
    """The figures of a line of the table, in its order."""
    line = next(line for line in _README.splitlines() if line.startswith(f"| {beginning}"))
    return re.findall(r"\d+\.\d+", line)


def test_it_is_short():
    assert len(_README.splitlines()) <= 120


def test_the_figures_are_the_measured_ones():
    ours, umqtt = "**aws_iot**, deltas only", "umqtt.simple 1.3.4"
    heap = [f"{_measured('Heap, bytes', who, column) / 1024:.1f}" for who in (ours, umqtt) for column in (1, 3)]
    assert _claimed("heap imported") == [*heap, *_quoted(r"heap ([\d.]+) KB imported, ([\d.]+) KB connected")]
    sdk = _BENCHMARKS[_BENCHMARKS.index("\n## Delta") :]
    sdk = float(re.search(r"^\| awsiotsdk.*?\(([\d.]+)\)", sdk, re.M).group(1))
    rounds = [f"{_measured('Delta', ours, 1):.2f}", f"{_measured('Delta', umqtt, 1):.1f}"]
    assert _claimed("delta to report") == [*rounds, *_quoted(r"delta to reported ([\d.]+) ms"), f"{sdk:.1f}"]
    assert f"answers in {_measured('Delta', 'umqtt.simple with TCP_NODELAY', 1):.2f} ms" in _README


def _quoted(pattern: str) -> tuple:
    """What BENCHMARKS.md quotes of mqtt_as."""
    return re.search(pattern, " ".join(_BENCHMARKS.split())).groups()


def test_the_picture_is_a_demo_that_went_well():
    picture = (ROOT / "docs" / "demo.svg").read_text()
    text = html.unescape(re.sub(r"<[^>]+>", "\n", picture)).replace("\xa0", " ")
    assert "demo: every desired value was reported" in text and "desired values reported   5 of 5" in text
    assert re.findall(r"url\((?!#)[^)]*|<image|@font-face", picture) == []
    assert "](docs/demo.svg)" in _README
