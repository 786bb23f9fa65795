"""Variables in the words of each shell."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable


class Shell:
    """set, drop: patterns for a variable; quote: of its value; apply: the command that has them set, with {} for what
    follows `thing cloud env`."""

    def __init__(self, set: str, drop: str, quote: Callable[[str], str], apply: str) -> None:
        self._set, self._drop, self.quote, self.apply = set, drop, quote, apply

    def export(self, variable: tuple[str, str]) -> str:
        """The line that sets a variable."""
        name, value = variable
        return self._set.format(name, self.quote(value))

    def unset(self, names: Iterable[str]) -> str:
        """The lines that take variables away."""
        return "\n".join(map(self._drop.format, names))


def _for_fish(value: str) -> str:
    """https://fishshell.com/docs/current/language.html#quotes"""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _for_powershell(value: str) -> str:
    """https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.core/about/about_quoting_rules"""
    return "'" + value.replace("'", "''") + "'"


SHELLS = {
    "bash": Shell("export {}={}", "unset {}", shlex.quote, 'eval "$(thing cloud env{})"'),
    "fish": Shell("set -gx {} {}", "set -e {}", _for_fish, "thing cloud env{} --shell fish | source"),
    "powershell": Shell(
        "$env:{} = {}", "Remove-Item Env:{} -ErrorAction SilentlyContinue", _for_powershell,
        "thing cloud env{} --shell powershell | Out-String | Invoke-Expression",
    ),
    # https://learn.microsoft.com/en-us/windows-server/administration/windows-commands/set_1
    "cmd": Shell(
        'set "{}={}"', 'set "{}="', str, "for /f \"delims=\" %i in ('thing cloud env{} --shell cmd') do @%i"
    ),
}  # fmt: skip


def default() -> str:
    """The shell that most have on this system."""
    return "powershell" if sys.platform == "win32" else "bash"


def use(folder: str | None) -> str:
    """The command that points a shell to the local AWS of a folder; None is the current one."""
    shell = SHELLS[default()]
    return shell.apply.format(f" {shell.quote(folder)}" if folder else "")
