"""thing thing-project-from-template: make a new project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..cli import Command, pass_context

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("name")
@click.argument("path", type=click.Path(file_okay=False), default=".")
@click.option("--aws-endpoint", "endpoint", metavar="E", help="MQTT endpoint. [default: ask AWS, if it can be asked]")
@click.option("--aws-policy-name", "policy", metavar="P", help="Policy of its things. [default: NAME-policy]")
@pass_context
def command(context: Context, name: str, path: Path, endpoint: str, policy: Any) -> None:
    """Make the project NAME in the folder PATH: main.py, helpers.py, readme.md, thing.conf.json, .gitignore."""
    from ..things import names, scaffold

    names.check_project(name)
    policy = names.check_policy(policy or f"{name}-policy")
    folder = scaffold.make(name, path, endpoint, policy)
    if not endpoint:
        endpoint = _ask(context, folder)
    context.out.data(
        {"project": str(folder), "endpoint": endpoint, "policy_name": policy},
        f"made {folder}" + ("" if endpoint else "; its endpoint is filled in by the first `thing add`"),
    )


def _ask(context: Context, folder: Path) -> Any:
    """Fill in the account's endpoint when credentials are there and AWS answers; without it the project is fine too."""
    from botocore.exceptions import BotoCoreError, ClientError

    from ..things.project import Project
    from ..things.project_cloud import endpoint_settings

    project = Project.open(folder)
    try:
        if context.aws.session.get_credentials() is not None and context.aws.session.region_name:
            project.change_config(**endpoint_settings(context.aws, project))
    except (BotoCoreError, ClientError) as error:
        from ..main import sentence

        context.out.warn(f"the endpoint could not be asked for: {sentence(error)}")
    return project.config().get("endpoint")
