"""Time and CPU time in microseconds, alike on both interpreters."""

import sys

if sys.implementation.name == "micropython":
    import time
    from time import ticks_diff, ticks_us  # noqa: F401

    def cpu_us():
        """CPU time of this process, which has one thread."""
        return time.clock() * 1e6

else:
    from time import perf_counter_ns, process_time_ns

    def ticks_us():
        return perf_counter_ns() // 1000

    def ticks_diff(new, old):
        return new - old

    def cpu_us():
        """CPU time of all threads of this process."""
        return process_time_ns() / 1000
