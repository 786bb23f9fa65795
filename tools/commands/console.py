"""thing console: pages for the fleet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--port", type=click.IntRange(1, 65535), default=8480, help="Its port. [default: 8480]")
@pass_context
def command(context: Context, folder: Path, port: int) -> None:
    """Show the things of the account and region in a browser, live, until Ctrl-C.

    The address that is printed has a token in it, and is answered on this computer alone; AWS keys never reach the
    page. FOLDER, by default this one, is where projects are whose things `doctor` may connect as.
    """
    from ..console import server

    sock = server.bind(port)
    aws, out = context.aws, context.out

    def ready(address: str) -> None:
        out.line({"url": address}, f"the console is at {address}\nCtrl-C ends it")

    server.serve(aws, folder, sock, ready)
