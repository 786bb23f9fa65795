"""thing serve: Para's REST API for the things of a project."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Group, pass_context
from ..errors import ToolError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..cli import Context
    from ..shapes import Advance

_PATH = click.argument("path", type=click.Path(file_okay=False), default=".")
_PORT = 8080  # Para's


class _Serve(Group):
    """A group whose command is `start` when none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["start", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Serve)
def command() -> None:
    """Serve Para's REST API on this computer: things made, read, changed and deleted by HTTP.

    \b
    thing serve [PATH]           the same as `thing serve start [PATH]`
    thing serve keys new [PATH]  a key for a program that asks; without one nobody may
    """


@command.command("start")
@_PATH
@click.option(
    "--port", type=click.IntRange(0, 65535), default=_PORT, metavar="N", help=f"0: a free one. [default: {_PORT}]"
)
@pass_context
def start(context: Context, path: str, port: int) -> None:
    """Serve the API for the project in PATH until Ctrl-C, on 127.0.0.1 alone.

    PATH is by default this folder. What a run that was killed left half made is deleted first.
    """
    _check_installed()
    from ..fleet.para import keys, server
    from ..things.project import Project

    project = Project.open(path)
    if not keys.apps(project):
        context.out.warn(f"no app has a key yet: {_keys_new(path)} makes one")

    def ready(url: str) -> None:
        text = f"Para's API: {url}/v1\nits page:   {url}/docs\nuntil Ctrl-C"
        context.out.line({"url": url, "page": f"{url}/docs"}, text)

    def progress(total: int) -> AbstractContextManager[Advance]:
        return context.out.progress(total, "reading things")

    server.serve(context.aws, project, port, ready, progress)


def _keys_new(path: str) -> str:
    return "`thing serve keys new`" if path == "." else f"`thing serve keys new {path}`"


def _check_installed() -> None:
    if not all(importlib.util.find_spec(name) for name in ("fastapi", "fastapi_offline", "jwt", "uvicorn")):
        raise ToolError(
            "the server is not installed: it is the extra `console`: install 'micropython-aws-iot[console]', "
            "in a checkout '.[console]', with what installed this (pip, pipx, uv tool)"
        )


@command.group("keys", cls=Group)
def keys_() -> None:
    """The keys of apps, by which requests are signed."""


@keys_.command("new")
@_PATH
@click.option("--app", metavar="NAME", help="Whose key. [default: the folder's name]")
@pass_context
def new(context: Context, path: str, app: str | None) -> None:
    """Make a key for an app and print it as JSON; one that the app had is valid no more.

    The secret is shown this once: store the output safely. Each app sees its own things alone.
    """
    _check_installed()
    from ..fleet.para import keys
    from ..things.project import Project

    project = Project.open(path)
    appid = keys.check_appid(app or Path(path).resolve().name)
    context.out.check()
    context.out.data(keys.new(project, appid))


@keys_.command("list")
@_PATH
@pass_context
def list_(context: Context, path: str) -> None:
    """List the apps that have a key."""
    _check_installed()
    from ..fleet.para import keys
    from ..things.project import Project

    apps = keys.apps(Project.open(path))
    context.out.data(apps, "\n".join(apps) or "no app has a key")


@keys_.command("delete")
@click.argument("app")
@_PATH
@pass_context
def delete(context: Context, app: str, path: str) -> None:
    """Take the key of APP from it; its things stay."""
    _check_installed()
    from ..fleet.para import keys
    from ..things.project import Project

    keys.delete(Project.open(path), app)
    context.out.data({"deleted": app}, f"{app} has no key any more")
