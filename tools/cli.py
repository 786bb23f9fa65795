"""What every command shares: the global options, the context object, and names resolved only when used."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from .errors import ToolError
from .output import Output
from .shapes import Json
from .spelling import meant

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from .cloud.aws import Aws


class Context:
    """The global options of one invocation, and the AWS session made from them on first use."""

    def __init__(self) -> None:
        self.options: Json = {"profile": None, "region": None, "endpoint_url": None, "json": False, "debug": False}
        self._aws: Aws | None = None

    @property
    def out(self) -> Output:
        return Output(self.options["json"])

    @property
    def aws(self) -> Aws:
        if self._aws is None:
            from .cloud.aws import Aws  # boto3 takes 0.15 s: only the commands that talk to AWS pay for it

            stopped = self._find_local_aws()
            aws = Aws(self.options["profile"], self.options["region"], self.options["endpoint_url"])
            if stopped:
                self._say_stopped(stopped, aws)
            self._aws = aws
        return self._aws

    def _find_local_aws(self) -> Path | None:
        """Take the local AWS that runs for this folder, unless the user points to something else; -> the folder of one
        that does not run."""
        if self.options["profile"] or self.options["endpoint_url"] or any(map(os.environ.get, _POINTERS)):
            return None
        from .cloud import local_aws

        data, cloud = local_aws.nearest(Path.cwd())
        if cloud:
            os.environ.update(cloud.environment())
            self.out.warn(f"this is the local AWS of {cloud.folder.parent}")
        return data.parent if data and not cloud else None

    def _say_stopped(self, folder: Path, aws: Aws) -> None:
        from .cloud.aws import REGION

        words = f"the local AWS of {folder} does not run (`thing cloud up` starts it)"
        if not aws.session.region_name:
            raise ToolError(f"{words}, and AWS itself cannot be asked without a region: {REGION}")
        self.out.warn(f"{words}: AWS itself is asked")


_POINTERS = ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID")
pass_context = click.make_pass_decorator(Context, ensure=True)
# Of what begins a job, in the order of its help.
_ROLLOUT = (
    click.option("--group", is_flag=True, help="THING is a thing group: all things in it now."),
    click.option("--rate", type=click.IntRange(1, 1000), metavar="N", help="Give it to at most N boards a minute."),
    click.option(
        "--abort-at", type=click.FloatRange(0, 100, min_open=True), metavar="P",
        help="Have AWS cancel it where P percent of those that have ended did not take it.",
    ),
    click.option("--watch", is_flag=True, help="Show what the boards report until all have ended."),
)  # fmt: skip


def rollout_options(function: Callable[..., None]) -> Callable[..., None]:
    """--group, --rate, --abort-at and --watch."""
    for option in reversed(_ROLLOUT):
        function = option(function)
    return function


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value:
        context.ensure_object(Context).options[parameter.name] = value


def _region(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value and not re.fullmatch(r"[a-z]+(-[a-z]+)+-\d+", value):
        raise click.BadParameter(f"{value!r} is no AWS region, such as eu-west-1", context, parameter)
    _remember(context, parameter, value)


def _global_options() -> list[click.Option]:
    def option(*names: str, **settings: Any) -> click.Option:
        settings = {"callback": _remember, "expose_value": False, "is_eager": True, **settings}
        return click.Option(names, **settings)

    return [
        option("--profile", metavar="NAME", help="AWS profile to use."),
        option("--region", metavar="NAME", help="AWS region to use.", callback=_region),
        option("--endpoint-url", metavar="URL", help="Send AWS calls to this address."),
        option("--json", is_flag=True, help="Print data as JSON."),
        option("--debug", is_flag=True, help="Show the traceback of an error."),
    ]


def say_port(context: Context, port: str | None) -> None:
    """Tell of a port that nobody has typed: a stale variable is hard to find."""
    if port and click.get_current_context().get_parameter_source("port") == ParameterSource.ENVIRONMENT:
        context.out.say(f"the port {port} is from THING_PORT")


class Command(click.Command):
    """A command that takes the global options too, so that they may stand before or after its name."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        for parameter in self.params:
            if isinstance(parameter.type, (click.IntRange, click.FloatRange)):
                parameter.type.name = "number"  # in place of "integer range", which is no word of a person's
        self.params = [*self.params, *_global_options()]


class Suggesting(click.Group):
    """A group that answers a misspelt command with the one that was meant."""

    def spellings(self, ctx: click.Context) -> list[str]:
        """What may be typed for a command."""
        return self.list_commands(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        ctx.fail(f"No such command {name!r}{meant(name, self.spellings(ctx))}.")


class Group(Suggesting):
    """A group of commands in this module, each of which takes the global options."""

    command_class = Command


class LazyGroup(Suggesting):
    """A group that imports a command's module when it is invoked, and takes its help line from a table.

    commands: name -> (module, alias, help line); spellings: other spelling -> name.
    """

    def __init__(
        self,
        *args: Any,
        table: dict[str, tuple[str, str | None, str]],
        spellings: dict[str, str],
        package: str,
        **settings: Any,
    ) -> None:
        super().__init__(*args, **settings)
        self.params = [*self.params, *_global_options()]
        self._package = package
        self._table = {name: row for name, row in table.items() if self._exists(row[0])}
        self._spellings = {**spellings, **{row[1]: name for name, row in self._table.items() if row[1]}}

    def _exists(self, module: str) -> bool:
        return importlib.util.find_spec(f"{self._package}.{module}") is not None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        row = self._table.get(self._spellings.get(cmd_name, cmd_name))
        if row is None:
            return None
        command: click.Command = importlib.import_module(f"{self._package}.{row[0]}").command
        return command

    def spellings(self, ctx: click.Context) -> list[str]:
        return [*self._table, *self._spellings]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The short names as well, none of whose modules is imported for that."""
        from click.shell_completion import CompletionItem

        short = {row[1]: row for row in self._table.values() if row[1]}
        rows = {**self._table, **short} if not incomplete.startswith("-") else {}
        found = [CompletionItem(name, help=rows[name][2]) for name in sorted(rows) if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(f"{name} ({row[1]})" if row[1] else name, row[2]) for name, row in self._table.items()]
        with formatter.section("Commands (and their short names)"):
            formatter.write_dl(rows)
