"""How a board is, told to its shadow ``health`` at a pace. It stays in the heap once a program has asked for it."""

from types import TracebackType
from typing import Any

from ..shadow import Shadow
from ..thing import Thing

class Health:
    """Reports as ``thing.health()`` says. A context manager: an exception that ends it is told after the restart.

    ``shadow``: the named one; ``period_s``, ``version``: as given; ``uptime_s``: seconds for which poll() was called.
    """

    shadow: Shadow
    period_s: float
    version: Any
    uptime_s: int

    def __init__(self, thing: Thing, version: Any, period_s: float, path: str | None) -> None: ...
    def __enter__(self) -> Health: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool: ...
