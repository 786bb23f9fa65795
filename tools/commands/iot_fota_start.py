"""thing iot-fota-start: start a firmware update of a thing, or of a thing group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context, rollout_options
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
@rollout_options
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
    rate: int | None,
    abort_at: float | None,
    watch: bool,
) -> None:
    """Update THING, or several with commas between, to FIRMWARE: a folder with an application, or an ESP32 image
    (.app-bin).

    FIRMWARE goes into S3_BUCKET (a name, or s3://NAME/PREFIX), from where boards fetch it with what the IAM role
    S3_ROLE may read. A folder's Python files are compiled; main.py, settings and keys stay the board's own.
    """
    from ..fota import start
    from ..fota.rollout import Pace

    if counter and not signer:
        raise click.UsageError("--counter counts only where it is signed: pass --sign, too")
    order = start.Order(
        tuple(thing.split(",")), firmware, s3_bucket, s3_role, group, duration, signer, version, board, module, force,
        counter, stream, Pace(rate, abort_at),
    )  # fmt: skip
    out, aws = context.out, context.aws
    ready = start.prepare(aws, order, out.warn)
    result = start.start(aws, ready, lambda total: out.progress(total, "uploading"))
    made = ready.made
    signed = "signed" if ready.signature else "not signed"
    text = f"job {ready.job}: version {made.version}, {len(made.data)} bytes, {signed}{order.pace.words()}"
    if not watch:
        out.data(result, text)
        return
    out.say(text)
    follow(out, aws, ready.job, result)
