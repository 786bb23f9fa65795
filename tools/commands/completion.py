"""thing completion: shell completion."""

import click

from ..cli import Command


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell):
    """Print the completion script of SHELL.

    For bash: put `eval "$(thing completion bash)"` into ~/.bashrc.
    """
    from click.shell_completion import get_completion_class

    from ..main import command as thing

    click.echo(get_completion_class(shell)(thing, {}, "thing", "_THING_COMPLETE").source())
