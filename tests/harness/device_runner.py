"""Runs one test function of one file of tests/device; on CPython pytest does it, on MicroPython this.

Arguments: the file's path without .py, the function's name. Leaves by an exception when the test fails.
"""

import sys


def main(path: str, name: str) -> None:
    folder, module = path.rsplit("/", 1)
    sys.path.insert(0, folder)
    getattr(__import__(module), name)()


main(sys.argv[1], sys.argv[2])
