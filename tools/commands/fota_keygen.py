"""thing fota-keygen: make the key that firmware is signed with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("path", type=click.Path(dir_okay=False), default="firmware.key")
@pass_context
def command(context: Context, path: str) -> None:
    """Make the key that firmware is signed with: PATH [default: firmware.key], and PATH.pub, which boards get.

    Who has PATH can put firmware on every board that trusts PATH.pub: keep it out of the project and the repository.
    """
    from ..fota import firmware

    private, public = firmware.new_key(path)
    text = f"{private}: sign with it (thing iot-fota-start --sign), and keep it safe\n{public}: put it on the boards"
    context.out.data({"private": str(private), "public": str(public)}, text)
