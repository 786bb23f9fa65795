"""The process that is the local AWS: MiniStack with what it lacks. `python -P -m aws_iot_tools.cloud.server FOLDER ...`

It needs MiniStack's variables in its environment (local_aws.py), and never looks into the project's folder. While it
runs, it holds FOLDER/.lock; running.json says which process it is, and is gone after a clean end.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from .. import journal
from . import ministack, processes
from .calls import Calls
from .doors import Doors
from .gate import Gate, Receive, Scope, Send
from .lacking import Kind, Lacking, Streams
from .saving import Saver
from .usage import FILE, Usage, watch

LOOPBACK = "127.0.0.1"
_KEEP_ALIVE_S = 75
_LOOK_S = 0.05


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--region")
    for name in ("--port", "--mqtt-port", "--https-port", "--sigv4-port"):
        parser.add_argument(name, type=int)
    parser.add_argument("--address", action="append", default=[])  # of this computer on its networks
    parser.add_argument("--streams", type=Path)  # the file of what streams.py delivers
    asked = parser.parse_args()
    os.umask(0o077)
    with journal.lock(asked.folder / ".lock"):
        state = asked.folder / "state"
        state.mkdir(exist_ok=True)
        for cut_off in state.glob("*.new"):
            cut_off.unlink()
        trouble = asyncio.run(_serve(asked))
        (asked.folder / processes.RUNNING).unlink()
        journal.sync(asked.folder)
    sys.exit(trouble)


async def _serve(asked: argparse.Namespace) -> str | None:
    """-> why it ended without being told to, if it did."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    folder, port, addresses = asked.folder, asked.port, asked.address
    processes.note(folder, os.getpid())
    saver, usage = Saver(folder / "state"), Usage(folder / FILE)

    def load() -> None:
        saver.load()
        ministack.keep_ca(folder)

    ministack.module("app")._load_persisted_state = load
    ministack.demand_certificates()
    ministack.listen("0.0.0.0" if addresses else LOOPBACK, asked.mqtt_port, addresses)
    ministack.tell_of_packets(saver.note)
    watch(ministack.module("services.iot"), usage)
    ministack.sync_objects()
    doors = Doors(folder, asked.region, port, usage)
    kinds: dict[str, Kind] = {"role-aliases": doors.aliases}
    if asked.streams:  # else nobody would deliver them
        kinds["streams"] = Streams(asked.streams)
    app = Lacking(ministack.module("app").app, kinds)

    talking: set[asyncio.Task[Any]] = set()  # those behind a WebSocket, which would go on for ever

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        me = asyncio.current_task()
        if me and scope["type"] == "websocket":
            talking.add(me)
            me.add_done_callback(talking.discard)
        try:
            await app(scope, receive, send)
        finally:
            if scope.get("method") not in ("GET", "HEAD"):
                saver.note()

    config = Config()
    config.bind = [f"{address}:{port}" for address in (LOOPBACK, *addresses)]
    config.keep_alive_timeout = _KEEP_ALIVE_S
    config.loglevel = "WARNING"
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(stop.set))
    saver.start()
    usage.start()
    telling = asyncio.create_task(_tell_when_ready(asked, doors, saver, stop))

    async def ended() -> None:
        await stop.wait()
        telling.cancel()
        await usage.stop()
        await saver.stop()  # MiniStack saves once more when it is told to end
        for each in list(talking):  # from Python 3.12 on a server is closed when its last connection is
            each.cancel()

    await serve(Gate(Calls(noting, usage), LOOPBACK), config, shutdown_trigger=ended)  # type: ignore[arg-type]
    return telling.result() if telling.done() and not telling.cancelled() else None


async def _tell_when_ready(asked: argparse.Namespace, doors: Doors, saver: Saver, stop: asyncio.Event) -> str | None:
    """-> what is in the way; then all of it ends."""
    app = ministack.module("app")
    while app._iot_mtls_state not in ("listening", "degraded") or not await _answers(asked.port):
        await asyncio.sleep(_LOOK_S)
    try:
        if app._iot_mtls_state == "degraded":
            raise OSError(f"nothing can listen on port {asked.mqtt_port}, the one for boards")
        await doors.open([LOOPBACK, *asked.address], asked.https_port, asked.sigv4_port)
    except OSError as error:
        stop.set()
        return str(error)
    processes.note(asked.folder, os.getpid(), ready=True, notes=saver.notes, mqtt_port=asked.mqtt_port)
    return None


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True


if __name__ == "__main__":
    main()
