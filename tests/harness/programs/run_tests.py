"""Runs test functions of one file of tests/device; on CPython pytest does it, on MicroPython this.

Arguments: the file's path without .py, the functions' names. Exit status 1, and the tracebacks, when one fails.
"""

import gc
import sys


def main(path: str, *names: str) -> int:
    folder, module = path.rsplit("/", 1)
    sys.path.insert(0, folder)
    tests, failed = __import__(module), 0
    for name in names:
        try:
            getattr(tests, name)()
        except Exception as error:
            failed = 1
            print(name)
            sys.print_exception(error)
        gc.collect()
    return failed


sys.exit(main(*sys.argv[1:]))
