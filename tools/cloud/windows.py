"""What Windows has in place of /proc and of signal 0, which ends a process there.

https://docs.python.org/3/library/os.html#os.kill
https://learn.microsoft.com/en-us/windows/win32/api/processthreadsapi/nf-processthreadsapi-getprocesstimes
"""

from __future__ import annotations

import ctypes
from typing import Any, cast

_QUERY_LIMITED_INFORMATION = 0x1000
_STILL_ACTIVE = 259


def started(pid: int) -> str:
    """When a process was made, in Windows's own words; "" when none of this number runs."""
    kernel = cast(Any, ctypes).windll.kernel32
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid))
    if not handle:
        return ""
    try:
        code, times = ctypes.c_uint32(), [ctypes.c_uint64() for _ in range(4)]  # the first one is that of its making
        told = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        told = told and kernel.GetProcessTimes(handle, *map(ctypes.byref, times))
        return str(times[0].value) if told and code.value == _STILL_ACTIVE else ""
    finally:
        kernel.CloseHandle(handle)
