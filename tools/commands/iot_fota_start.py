"""thing iot-fota-start: start a firmware update of a thing, or of a thing group."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..errors import ToolError
from .fota_watch import follow

if TYPE_CHECKING:
    from ..cli import Context

_LEAST_S, _MOST_S = 60, 3600
_MOST_COUNTER = (1 << 32) - 1


def _duration(context: click.Context, parameter: click.Parameter, value: int) -> int:
    if not _LEAST_S <= value <= _MOST_S:
        raise click.BadParameter(
            f"{value} s: a presigned URL lives {_LEAST_S} to {_MOST_S} s in AWS IoT, counted from when the board asks"
        )
    return value


@click.command(cls=Command)
@click.argument("thing")
@click.argument("firmware", type=click.Path(exists=True))
@click.argument("s3_bucket")
@click.argument("s3_role")
@click.option(
    "--duration", type=int, default=_MOST_S, callback=_duration, metavar="S",
    help="How long a board's download URL lives, 60 to 3600 s. [default: 3600]",
)  # fmt: skip
@click.option("--sign", "signer", type=click.Path(exists=True, dir_okay=False), metavar="KEY", help="Sign with it.")
@click.option("--version", metavar="V", help="The firmware's version. [default: VERSION in the application]")
@click.option("--board", metavar="NAME", help="Only boards of this sys.platform take it. [default: any]")
@click.option("--module", metavar="NAME", help="What the boards' main.py starts. [default: as in FIRMWARE, else app]")
@click.option("--force", is_flag=True, help="Let boards go back to an older version, too.")
@click.option(
    "--counter", type=click.IntRange(0, _MOST_COUNTER), default=0, metavar="N",
    help="Security counter: boards that confirm it take no lower one any more, not even by --force. Needs --sign.",
)  # fmt: skip
@click.option("--stream", is_flag=True, help="Deliver it by MQTT: for boards without memory for a second TLS session.")
@click.option("--group", is_flag=True, help="THING is a thing group: all things in it now.")
@click.option("--watch", is_flag=True, help="Show what the boards report until all have ended.")
@pass_context
def command(
    context: Context,
    thing: str,
    firmware: str,
    s3_bucket: str,
    s3_role: str,
    duration: int,
    signer: str | None,
    version: str | None,
    board: str | None,
    module: str | None,
    force: bool,
    counter: int,
    stream: bool,
    group: bool,
    watch: bool,
) -> None:
    """Update THING to FIRMWARE: a folder with an application, or an ESP32 image (.app-bin).

    FIRMWARE goes into S3_BUCKET (a name, or s3://NAME/PREFIX), from where boards fetch it with what the IAM role
    S3_ROLE may read. A folder's Python files are compiled; main.py, settings and keys stay the board's own.
    """
    from ..fota import firmware as images
    from ..fota import rollout
    from ..things.place import check_target

    if counter and not signer:
        raise click.UsageError("--counter counts only where it is signed: pass --sign, too")
    made = images.load(firmware, version, board, module)
    signature = images.sign(made, images.read_key(signer), force, counter) if signer else None
    out, aws = context.out, context.aws
    target = rollout.target_arn(aws, thing, group)
    noted = check_target(Path(firmware) if Path(firmware).is_dir() else Path(), thing, target)
    if noted:
        images.check_board(made, thing, noted)
    things = rollout.members(aws, thing) if group else [thing]
    if not force:
        _check_versions(context, things, made.version)
    role = rollout.role_arn(aws, s3_role)
    name = rollout.job_name(thing, made)
    bucket, key = rollout.place(s3_bucket, name)
    rollout.check_bucket(aws, bucket)
    if stream:
        rollout.check_streams(aws, name)
    rollout.upload(aws, bucket, key, made.data, lambda total: out.progress(total, "uploading"))
    if stream:
        rollout.create_stream(aws, name, bucket, key, role)
        document = images.document(made, signature, force, stream=name, counter=counter)
        rollout.create_job(aws, name, target, document)
    else:
        document = images.document(made, signature, force, url=rollout.url(aws, bucket, key), counter=counter)
        rollout.create_job(aws, name, target, document, role, duration)
    result = {"job": name, "target": target, "version": made.version, "size": len(made.data), "sha256": made.sha256}
    text = f"job {name}: version {made.version}, {len(made.data)} bytes, {'signed' if signature else 'not signed'}"
    if not watch:
        out.data(result, text)
        return
    out.say(text)
    follow(out, aws, name, result)


def _check_versions(context: Context, names: list[str], version: str) -> None:
    """Boards refuse what is not newer: say so before the job, where it is known."""
    from ..fota import rollout

    late = rollout.check_order(context.aws, names, version)
    some = f"{', '.join(late[:5])}{', ...' if len(late) > 5 else ''}"
    if late == names:
        raise ToolError(
            f"version {version} is not newer than what {some} took last, and boards refuse such a one: "
            "raise it, or pass --force"
        )
    if late:
        context.out.warn(f"{some} took version {version} or a newer one before, and will refuse this")
