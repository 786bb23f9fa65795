"""Ends the servers of the tests by their own handles."""

import subprocess


def end(process: subprocess.Popen, patience_s: float = 10) -> None:
    """Ask a process to end, make it end after patience_s, and wait until it has."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
