"""The matrix's own logic: which pairs there are, and how the table is kept; and what a run says of its interpreters."""

import subprocess
import sys

import pytest

from tests.harness import ROOT, pairs, umqtt_versions
from tests.matrix import __main__ as matrix
from tests.matrix import suites, table

_PAIR = pairs.Pair("1.27, 1.28", 32, "1.7.0", pairs.RUNTIMES["mp32"].interpreter, played=True)


def _results(passed, failed=0, date="2026-11-29") -> dict:
    return {suite.name: {"passed": passed, "failed": failed, "date": date} for suite in table.SUITES}


@pytest.fixture
def document(tmp_path):
    """docs/versions.md without a row."""
    path = tmp_path / "versions.md"
    text = table.DOCUMENT.read_text()
    head, rest = text.split("<!-- written by make matrix -->\n")
    path.write_text(f"{head}<!-- written by make matrix -->\n<!-- to here -->\n{rest.split('<!-- to here -->')[1]}")
    return path


@pytest.fixture
def program(monkeypatch, tmp_path):
    """`python -m tests.matrix` on one pair and with one suite, which counts its runs: program(passed, failed)."""
    runs = []

    def make(passed, failed):
        monkeypatch.setattr(suites.Suite, "run", lambda suite, pair: runs.append(1) or suites.Result(passed, failed))
        for module in (matrix, table):
            monkeypatch.setattr(module, "SUITES", (suites.Suite("device"),))
        monkeypatch.setattr(matrix, "pairs", lambda: (_PAIR,))
        monkeypatch.setattr(matrix, "FOLDER", tmp_path)
        monkeypatch.setattr(matrix, "_STORE", tmp_path / "results.json")
        monkeypatch.setattr(table, "update", lambda rows, document: runs.append(rows[0]))
        return runs

    return make


def _rows(document) -> list:
    written = document.read_text().split("<!-- written by make matrix -->")[1].split("<!-- to here -->")[0]
    return [line for line in written.splitlines() if line.startswith("| 1.")]


def test_a_row_takes_the_place_of_the_one_before_and_others_stay(document):
    given = pairs.Pair("1.27", 64, "1.7.0", _PAIR.interpreter, given=True)
    for pair, passed in ((given, 1), (_PAIR, 2), (_PAIR, 3)):
        table.update([table.row(pair, _results(passed))], document)
    assert [line.split(" | ")[:2] for line in _rows(document)] == [["| 1.27, 1.28", "32"], ["| 1.27", "64"]]
    assert " | 3 | 3 | 3 | 3 | 3 | 3 | 2026-11-29 |" in _rows(document)[0]
    assert "given" in _rows(document)[1]


def test_what_failed_and_the_oldest_date_are_shown(document):
    results = {**_results(5), "faults": {"passed": 4, "failed": 1, "date": "2026-11-27"}}
    table.update([table.row(_PAIR, results)], document)
    assert _rows(document)[0].endswith(" | 4, **1 failed** | 5 | 5 | 2026-11-27 |")


def test_what_is_around_the_table_stays(document):
    before = document.read_text()
    table.update([table.row(_PAIR, _results(1))], document)
    assert before.split("<!--")[0] == document.read_text().split("<!--")[0]
    assert before.split("-->")[-1] == document.read_text().split("-->")[-1]


def test_each_release_of_firmware_has_a_row_of_each_word_size_with_its_umqtt():
    found = {(release, pair.bits): pair.umqtt for pair in pairs.pairs() for release in pair.firmware.split(", ")}
    if pairs.alone():
        pytest.skip("the user names an interpreter")
    promised = [release for release in umqtt_versions.OF_FIRMWARE if release >= (1, 23)]
    assert found == {
        (f"{release[0]}.{release[1]}", bits): umqtt_versions.OF_FIRMWARE[release]
        for release in promised
        for bits in (64, 32)
    }


def test_a_newer_release_than_all_that_are_known_has_the_newest_umqtt():
    assert umqtt_versions.of("1.26.1") == "1.6.0"
    assert umqtt_versions.of("1.29.0-preview") == umqtt_versions.of("1.40.2") == umqtt_versions.VERSIONS[-1]


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "workers"])
def test_a_run_says_what_it_runs_on(workers):
    command = [sys.executable, "-m", "pytest", *workers, "--collect-only", "tests/device/test_names.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    for line in pairs.described():
        assert line in done.stdout


def test_what_was_run_with_this_code_is_not_run_again(program, monkeypatch):
    runs = program(7, 0)
    assert matrix.main([]) == matrix.main(["1.28"]) == matrix.main(["1.27-32", "--suite", "device"]) == 0
    assert runs.count(1) == 1 and len(runs) == 4
    monkeypatch.setattr(matrix, "_code", lambda: "another")
    matrix.main([])
    matrix.main(["--again"])
    assert runs.count(1) == 3


def test_failures_and_unknown_pairs_end_it_badly(program, capsys):
    program(7, 1)
    assert matrix.main([]) == 1
    assert "device: 7 passed, 1 failed" in capsys.readouterr().out
    assert matrix.main(["1.27-64"]) == 2
    assert "no such pair: 1.27-64; there are 1.27-32" in capsys.readouterr().err


def test_a_suite_counts_what_pytest_and_programs_say(monkeypatch, tmp_path):
    monkeypatch.setattr(suites, "FOLDER", tmp_path)
    monkeypatch.setattr(suites, "_WORKERS", "1")
    pair = pairs.Pair("1.25", 32, "1.6.0", _PAIR.interpreter)
    small = suites.Suite("small", ("tests/device/test_names.py",), (("tests.faults", "FIN in the handshake"),))
    assert small.run(pair) == suites.Result(3 + 2, 0)
    assert "2 passed" in small.log(pair).read_text()
    assert suites.Suite("none", ("tests/device/test_no_such_file.py",)).run(pair) == suites.Result(0, 1)
    assert suites.Suite("broken", (), (("tests.no_such_program",),)).run(pair) == suites.Result(0, 1)
