"""thing role-alias: what the things of a project fetch AWS keys by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from ..cli import Group, pass_context
from ..errors import Partly

if TYPE_CHECKING:
    from ..cli import Context

_PATH = click.argument("path", type=click.Path(file_okay=False))


@click.group(cls=Group)
def command() -> None:
    """Let the things of a project fetch AWS keys by their certificates (AWS IoT's credential provider)."""


@command.command()
@_PATH
@click.option("--name", metavar="NAME", help="Of alias and role. [default: the folder's name and -keys]")
@click.option("--bucket", metavar="BUCKET", help="Each thing may also put and get THING/... in this bucket of S3.")
@click.option(
    "--seconds", type=click.IntRange(900, 43200), default=3600, metavar="N",
    help="How long keys live, 900 to 43200. [default: 3600]",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only print the policies that it would make.")
@pass_context
def create(context: Context, path: str, name: str | None, bucket: str | None, seconds: int, dry_run: bool) -> None:
    """Make a role alias for the things of the project in PATH, those that come later included.

    That is a role with a policy of the least, which allows a thing with keys what its certificate allows, the alias
    on it, and the statement in the things' own policy. A role, an alias or a policy that was not made here is not
    taken. The same command goes on after a stop, and changes bucket and seconds.
    """
    from ..things import names, role_alias
    from ..things.project import Project

    project = Project.open(path)
    name = names.check_role_alias(name or f"{re.sub(r'[^a-zA-Z0-9_=,@-]', '_', project.folder.resolve().name)}-keys")
    if bucket:
        names.check_bucket(bucket)
    if dry_run:
        context.out.data(role_alias.plan(context.aws, name, bucket))
        return
    with project.lock():
        made = role_alias.create(context.aws, project, name, bucket, seconds, context.out.say)
    context.out.data(made, f"role alias {name}; thing.conf.json names it, for the program's keys: flash it")


@command.command("list")
@pass_context
def list_(context: Context) -> None:
    """List the role aliases of the account and region."""
    from ..things import role_alias

    found = role_alias.listing(context.aws)
    lines = [f"{each['name']}  {each['seconds']} s  {each['role']}" for each in found]
    context.out.data(found, "\n".join(lines) or "no role aliases")


@command.command()
@_PATH
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@pass_context
def delete(context: Context, path: str, yes: bool, dry_run: bool) -> None:
    """Delete the role alias of the project in PATH, with its role and the things' right to ask by it."""
    from ..things import role_alias
    from ..things.project import Project

    project = Project.open(path)
    name = role_alias.noted(project.state())
    if name is None or dry_run:
        text = f"would delete the role alias {name} and its role" if name else "nothing to delete"
        context.out.data({"role_alias": name, "kept": []}, text)
        return
    if not yes and not click.confirm(f"Delete the role alias {name} and its role?", err=True):
        raise Partly("nothing was deleted")
    with project.lock():
        kept = role_alias.delete(context.aws, project)
    stays = "".join(f"; the {each} was not made here and stays" for each in kept)
    context.out.data({"role_alias": name, "kept": kept}, f"deleted {name}{stays}")
