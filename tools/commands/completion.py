"""thing completion: shell completion."""

from __future__ import annotations

import click

from ..cli import Command


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of SHELL.

    For bash: put `eval "$(thing completion bash)"` into ~/.bashrc.
    """
    from click.shell_completion import get_completion_class

    from ..main import command as thing

    complete = get_completion_class(shell)
    if complete:  # one of the shells of the argument
        click.echo(complete(thing, {}, "thing", "_THING_COMPLETE").source())
