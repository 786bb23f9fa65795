"""thing cloud: the local AWS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Group, pass_context

if TYPE_CHECKING:
    from ..cli import Context

_FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")


@click.group(cls=Group)
def command() -> None:
    """Run a local AWS (MiniStack) for development: no account, no cost, policies enforced.

    Its data is kept in FOLDER/.aws_local (FOLDER is a project or any other folder; by default the current one).
    """


@command.command()
@_FOLDER
@click.option("--port", type=int, help="Port of the AWS APIs. [default: 4566 or a free one]")
@click.option("--mqtt-port", type=int, help="Port that boards connect to. [default: 8883 or a free one]")
@click.option("--mosquitto", is_flag=True, help="Put a Mosquitto in front, for real boards on the network.")
@pass_context
def up(context: Context, folder: Path, port: int | None, mqtt_port: int | None, mosquitto: bool) -> None:
    """Start it in the background; when it runs already, only tell where."""
    from ..cloud import local_aws

    region = context.options["region"] or "us-east-1"
    cloud = local_aws.up(folder / local_aws.FOLDER, region, port, mqtt_port, mosquitto)
    text = f"AWS APIs: {cloud.url}\nboards:   {cloud.mqtt_host}:{cloud.mqtt_port}\n"
    place = "" if folder == Path() else f" {folder}"
    text += f'to use it in this shell: eval "$(thing cloud env{place})"'
    context.out.data({"url": cloud.url, "mqtt_host": cloud.mqtt_host, "mqtt_port": cloud.mqtt_port}, text)


@command.command()
@_FOLDER
@click.option("--off", is_flag=True, help="Print what takes it out of the shell again.")
@pass_context
def env(context: Context, folder: Path, off: bool) -> None:
    """Print the variables to export, for `eval "$(thing cloud env)"`."""
    import shlex

    from ..cloud import local_aws
    from ..errors import ToolError

    cloud = local_aws.Cloud.load(folder / local_aws.FOLDER)
    if cloud is None:
        raise ToolError(f"no local AWS was started in {folder}: start one with `thing cloud up`")
    variables = cloud.environment()
    if off:
        context.out.data(list(variables), f"unset {' '.join(variables)}")
        return
    lines = ["unset AWS_PROFILE AWS_SESSION_TOKEN"]  # they would win over what follows
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    context.out.data(variables, "\n".join(lines))


@command.command()
@_FOLDER
@pass_context
def down(context: Context, folder: Path) -> None:
    """Stop it; its data stays for the next `up`."""
    from ..cloud import local_aws

    stopped = local_aws.down(folder / local_aws.FOLDER)
    context.out.data({"stopped": stopped}, "stopped; its data is kept" if stopped else "it was not running")
