"""thing shadow: get, set or watch a shadow."""

from __future__ import annotations

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
    from ..things import shadows

    _check(thing, name)
    document = shadows.get(context.aws, thing, name)
    if document is None:
        raise ToolError(f"{thing} has no {_words(name)} yet: its board or `thing shadow set` makes it")
    document.pop("metadata", None)
    context.out.data(document)


@command.command("set")
@click.argument("thing")
@click.argument("state")
@_NAME
@pass_context
def set_(context: Context, thing: str, state: str, name: str | None) -> None:
    """Write STATE, a JSON object, as desired; a null deletes a member."""
    from ..things import shadows, single

    _check(thing, name)
    desired = shadows.parse_state(state)
    single.known(context.aws, thing)  # AWS would make a shadow for a misspelt name, which no board will ever read
    accepted = shadows.set_desired(context.aws, thing, desired, name)
    accepted.pop("metadata", None)
    context.out.data(accepted, f"version {accepted['version']}: desired {json.dumps(accepted['state']['desired'])}")


@command.command("watch")
@click.argument("thing")
@_NAME
@click.option(
    "--interval", type=click.FloatRange(min=0.1), default=1.0, metavar="S", help="Look every S seconds. [default: 1]"
)
@click.option("--changes", "count", type=click.IntRange(min=1), metavar="N", help="Stop after N changes.")
@pass_context
def watch(context: Context, thing: str, name: str | None, interval: float, count: int | None) -> None:
    """Show the state, then each change as it comes, until Ctrl-C."""
    import itertools
    import time

    from ..things import shadows

    _check(thing, name)
    last = shadows.get(context.aws, thing, name)
    _show(context.out, None, last)
    for _ in itertools.count() if count is None else range(count):
        document = last
        while document is None or document["version"] == (last or {}).get("version"):
            time.sleep(interval)
            document = shadows.get(context.aws, thing, name)
        _show(context.out, last, document)
        last = document


def _show(out: Output, old: Json | None, new: Json | None) -> None:
    from ..things import shadows

    if new is None:
        out.say("no shadow yet; waiting for it")
        return
    text = [f"version {new['version']}"]
    for path, before, after in shadows.changes((old or {}).get("state", {}), new["state"]):
        text.append(f"  {path}: {_value(before)} -> {_value(after)}")
    if out.json:
        print(json.dumps({"version": new["version"], "state": new["state"]}), flush=True)
    else:
        out.say("\n".join(text))


def _value(value: Any) -> str:
    return "-" if value is None else json.dumps(value, ensure_ascii=False)


def _check(thing: str, name: str | None) -> None:
    from ..things import names

    names.check_thing(thing)
    if name:
        names.check_shadow(name)


def _words(name: str | None) -> str:
    return f"shadow {name}" if name else "classic shadow"
