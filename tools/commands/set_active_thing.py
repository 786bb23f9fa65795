"""thing set-active-thing: choose the thing that the project is flashed as."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..errors import ToolError

if TYPE_CHECKING:
    from ..cli import Context
    from ..things.project import Project


@click.command(cls=Command)
@click.argument("path", type=click.Path(file_okay=False), default=".")
@click.option(
    "--thing-id", type=click.IntRange(min=0), metavar="I", help="Its number under the last base name. [default: 0]"
)
@click.option("--thing", "name", metavar="NAME", help="Its name.")
@click.option("--endpoint", "fill", is_flag=True, help="Only write the account's or the local AWS's endpoint into it.")
@pass_context
def command(context: Context, path: str, thing_id: int | None, name: str | None, fill: bool) -> None:
    """Choose the thing that the project in PATH is flashed as.

    PATH is by default this folder. Its certificate and key are copied to the top of the project and its entries
    into thing.conf.json: all three files change together, or none does.
    """
    from ..things.creation import base_name
    from ..things.project import Project
    from ..things.project_cloud import check_region

    if fill:
        _fill_in(context, Project.open(path))
        return
    if thing_id is not None and name:
        raise click.UsageError("give either --thing-id or --thing")
    project = Project.open(path)
    name = name or f"{base_name(project, None)}_{thing_id or 0}"
    record = project.record(name)
    if name not in project.things():
        known = project.things()
        some = f"it has {', '.join(known[:5])}{', ...' if len(known) > 5 else ''}" if known else "it has none"
        raise ToolError(f"the project has no thing {name}: {some}")
    if not record.get("done"):
        raise ToolError(f"{name} is only half made: `thing add` finishes it")
    check_region(project, record)
    with project.lock():
        project.activate(record)
    context.out.data({"active": name}, f"{name} is the active thing")


def _fill_in(context: Context, project: Project) -> None:
    from ..things import place
    from ..things.project_cloud import fill_in

    with project.lock():
        place.check(context.aws, project)
        fill_in(context.aws, project, lambda text: None)
    config = project.config()
    where = f"{config['endpoint']}:{config.get('port') or 8883}"
    context.out.data({"endpoint": config["endpoint"], "port": config.get("port")}, f"endpoint: {where}")
