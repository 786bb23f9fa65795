"""thing cloud: the local AWS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Group, pass_context
from ..cloud import shells

if TYPE_CHECKING:
    from ..cli import Context

_FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
_WIN = ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]  # over what `env` exports
_PORT = click.IntRange(1, 65535)


@click.group(cls=Group)
def command() -> None:
    """Run a local AWS (MiniStack) for development: no account, no cost, policies enforced.

    Its data is kept in FOLDER/.aws_local (FOLDER is a project or any other folder; by default the current one),
    which may be deleted when it does not run.
    """


def _data(folder: Path) -> Path:
    """The data's folder in FOLDER; where none is named, of the local AWS that all commands use here, if one runs."""
    from ..cloud import local_aws

    found = local_aws.nearest_running(Path.cwd()) if folder == Path() else None
    own = folder / local_aws.FOLDER
    return own if found in (None, own.absolute()) else found


@command.command()
@_FOLDER
@click.option("--port", type=_PORT, help="Port of the AWS APIs. [default: that of the last time; 4566 or a free one]")
@click.option("--mqtt-port", type=_PORT, help="Port for boards. [default: that of the last time; 8883 or a free one]")
@click.option("--https-port", type=_PORT, help="Port of HTTPS by certificate. [default: as before; 8443 or a free one]")
@click.option("--sigv4-port", type=_PORT, help="Port of HTTPS and WebSockets by keys. [default: as before, or free]")
@click.option("--lan", is_flag=True, help="Serve boards on the network, too: by certificate, AWS keys, presigned URLs.")
@click.option("--mosquitto", is_flag=True, help="Serve boards on the network by a Mosquitto, which knows no policies.")
@click.option("--address", metavar="IP", help="This computer's address there. [default: of the default route]")
@pass_context
def up(
    context: Context,
    folder: Path,
    port: int | None,
    mqtt_port: int | None,
    https_port: int | None,
    sigv4_port: int | None,
    lan: bool,
    mosquitto: bool,
    address: str | None,
) -> None:
    """Start it in the background; when it runs already, only tell where.

    Without --lan or --mosquitto it serves this computer alone. The AWS APIs always do.
    """
    from ..cloud import local_aws

    own = folder / local_aws.FOLDER
    data = own if own.is_dir() else _data(folder)
    if lan and mosquitto:
        raise click.UsageError("give either --lan or --mosquitto")
    if address and not (lan or mosquitto):
        raise click.UsageError("--address goes with --lan or --mosquitto")
    front = "lan" if lan else "mosquitto" if mosquitto else None
    wanted = local_aws.Wanted(context.options["region"], port, mqtt_port, front, address, https_port, sigv4_port)
    cloud = local_aws.up(data, wanted, context.out.warn)
    found = {"url": cloud.url, "mqtt_host": cloud.mqtt_host, "mqtt_port": cloud.mqtt_port, "ports": cloud.ports}
    if data.parent != folder:
        context.out.warn(f"this is the local AWS of {data.parent}, which runs already")
    text = f"AWS APIs: {cloud.url}\nboards:   {cloud.mqtt_host}:{cloud.mqtt_port}\n"
    if cloud.ports:
        text += f"HTTPS:    port {cloud.https_port} by certificate, {cloud.sigv4_port} by AWS keys (WebSocket, too)\n"
    text += f"to use it in this shell: {shells.use(None if folder == Path() else str(folder))}"
    context.out.data(found, text)


@command.command()
@_FOLDER
@click.option("--off", is_flag=True, help="Print what takes it out of the shell again.")
@click.option("--shell", type=click.Choice(list(shells.SHELLS)),
              help="In whose words; bash: also for zsh, sh. [default: bash; on Windows powershell]")  # fmt: skip
@pass_context
def env(context: Context, folder: Path, off: bool, shell: str | None) -> None:
    """Print the variables to export, for `eval "$(thing cloud env)"`.

    \b
    fish:       thing cloud env --shell fish | source
    PowerShell: thing cloud env --shell powershell | Out-String | Invoke-Expression
    cmd:        for /f "delims=" %i in ('thing cloud env --shell cmd') do @%i
    """
    from ..cloud import local_aws
    from ..errors import ToolError

    cloud = local_aws.Cloud.load(_data(folder))
    if cloud is None:
        where = "this folder" if folder == Path() else folder
        raise ToolError(f"no local AWS was started in {where}: start one with `thing cloud up`")
    variables = cloud.environment()
    services = [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL_")]
    words = shells.SHELLS[shell or shells.default()]
    if off:
        context.out.data(list(variables), words.unset(variables))
        return
    context.out.data(variables, "\n".join([words.unset(_WIN + services), *map(words.export, variables.items())]))


@command.command()
@_FOLDER
@pass_context
def down(context: Context, folder: Path) -> None:
    """Stop it; its data stays for the next `up`."""
    from ..cloud import local_aws

    data = _data(folder)
    stopped = local_aws.down(data)
    whose = "" if data.parent == folder else f"the local AWS of {data.parent}: "
    said = f"{whose}stopped; its data is kept in {data.name}" if stopped else "it was not running"
    context.out.data({"stopped": stopped}, said)
