"""thing shadow: get, set or watch a shadow."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

import click

from ..cli import Group, pass_context
from ..errors import ToolError
from ..shapes import Json

if TYPE_CHECKING:
    from ..cli import Context
    from ..output import Output

_NAME = click.option("--name", metavar="SHADOW", help="A named shadow. [default: the classic one]")


@click.group(cls=Group)
def command() -> None:
    """Get, set or watch the shadow of THING."""


@command.command("get")
@click.argument("thing")
@_NAME
@pass_context
def get(context: Context, thing: str, name: str | None) -> None:
    """Print the shadow: desired and reported state, their difference, version."""
    from ..things import shadows, single

    _check(thing, name)
    document = shadows.get(context.aws, thing, name)
    if document is None:
        single.known(context.aws, thing)
        raise ToolError(f"{thing} has no {_words(name)} yet: its board or `thing shadow set` makes it")
    document.pop("metadata", None)
    context.out.data(document)


@command.command("set")
@click.argument("thing")
@click.argument("state")
@_NAME
@click.option(
    "--limit-bytes", type=click.IntRange(1, 30720), default=8192, metavar="N",
    help="What a state may have as JSON, where the account's quota was raised. [default: 8192]",
)  # fmt: skip
@pass_context
def set_(context: Context, thing: str, state: str, name: str | None, limit_bytes: int) -> None:
    """Write STATE, a JSON object, as desired; a null deletes a member."""
    from ..things import shadows, single

    _check(thing, name)
    desired = shadows.parse_state(state, limit_bytes)
    single.known(context.aws, thing)  # AWS would make a shadow for a misspelt name, which no board will ever read
    accepted = shadows.set_desired(context.aws, thing, desired, name)
    accepted.pop("metadata", None)
    context.out.data(accepted, f"version {accepted['version']}: desired {json.dumps(accepted['state']['desired'])}")


@command.command("watch")
@click.argument("thing")
@_NAME
@click.option(
    "--interval", type=click.FloatRange(min=0.1), metavar="S", help="Ask every S seconds. [default: by MQTT, at once]"
)
@click.option("--changes", "count", type=click.IntRange(min=1), metavar="N", help="Stop after N changes.")
@pass_context
def watch(context: Context, thing: str, name: str | None, interval: float | None, count: int | None) -> None:
    """Show the state, then each change as it comes, until Ctrl-C.

    AWS tells of each change by MQTT, in a WebSocket signed with your own keys. Where that does not work, it says so and
    asks for the shadow once a second.
    """
    import itertools

    from ..things import shadows, single

    _check(thing, name)
    single.known(context.aws, thing)
    documents = shadows.follow(context.aws, thing, name, interval, context.out.warn)
    last = None
    for number, document in enumerate(itertools.islice(documents, count and count + 1)):
        _show(context.out, last, document, first=not number)
        last = document


def _show(out: Output, old: Json | None, new: Json | None, first: bool) -> None:
    from ..things import shadows

    now = datetime.datetime.now().astimezone()
    if new is None:
        words = "no shadow yet; waiting for it" if first else "the shadow was deleted"
        out.line({"time": now.isoformat(timespec="milliseconds"), "state": None}, f"{now:%H:%M:%S} {words}")
        return
    text = [f"{now:%H:%M:%S} version {new['version']}"]
    for path, before, after in shadows.changes((old or {}).get("state", {}), new["state"]):
        text.append(f"  {path}: {_value(after)}" if first else f"  {path}: {_value(before)} -> {_value(after)}")
    out.line({"time": now.isoformat(timespec="milliseconds"), **new}, "\n".join(text))


def _value(value: Any) -> str:
    return "-" if value is None else json.dumps(value, ensure_ascii=False)


def _check(thing: str, name: str | None) -> None:
    from ..things import names

    names.check_thing(thing)
    if name:
        names.check_shadow(name)


def _words(name: str | None) -> str:
    return f"shadow {name}" if name else "classic shadow"
