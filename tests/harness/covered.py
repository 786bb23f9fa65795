"""How much of one module its own device tests cover, alone: `python -m tests.harness.covered mqtt/packet [TESTS ...]`.

TESTS: the modules whose tests these are, when they are others'.

Exit status 1, and the lines that no test reaches, unless it is every branch.
"""

import sys

import coverage

from . import ROOT, umqtt_versions


def main(name: str, *tested: str) -> int:
    folder = ROOT / "tests" / "device"
    sys.path[:0] = map(str, (ROOT, folder, umqtt_versions.folder(), ROOT / "tests" / "harness" / "cpython"))
    source = ROOT / "aws_iot" / f"{name}.py"
    measured = coverage.Coverage(data_file=None, config_file=False, branch=True, include=[str(source)])
    with measured.collect():
        for each in tested or (name.rpartition("/")[2],):
            tests = __import__(f"test_{each}")
            for function in [getattr(tests, word) for word in vars(tests) if word.startswith("test_")]:
                function()
    return measured.report(show_missing=True, precision=1) < 100


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
