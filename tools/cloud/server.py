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

from .. import journal
from . import ministack, processes
from .gate import Gate, Receive, Scope, Send
from .lacking import Lacking, Streams
from .saving import Saver

LOOPBACK = "127.0.0.1"
_KEEP_ALIVE_S = 75
_LOOK_S = 0.05


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--mqtt-port", type=int)
    parser.add_argument("--address", action="append", default=[])  # of this computer on its networks
    parser.add_argument("--streams", type=Path)  # the file of what streams.py delivers
    asked = parser.parse_args()
    os.umask(0o077)
    with journal.lock(asked.folder / ".lock"):
        state = asked.folder / "state"
        state.mkdir(exist_ok=True)
        for cut_off in state.glob("*.new"):
            cut_off.unlink()
        asyncio.run(_serve(asked.folder, asked.port, asked.mqtt_port, asked.address, asked.streams))
        (asked.folder / processes.RUNNING).unlink()
        journal.sync(asked.folder)


async def _serve(folder: Path, port: int, mqtt_port: int, addresses: list[str], streams: Path | None) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    processes.note(folder, os.getpid())
    saver = Saver(folder / "state")

    def load() -> None:
        saver.load()
        ministack.keep_ca(folder)

    ministack.module("app")._load_persisted_state = load
    ministack.demand_certificates()
    ministack.listen("0.0.0.0" if addresses else LOOPBACK, mqtt_port, addresses)
    ministack.tell_of_packets(saver.note)
    ministack.sync_objects()
    app = Lacking(ministack.module("app").app, Streams(streams) if streams else None)

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
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
    telling = asyncio.create_task(_tell_when_ready(folder, port, mqtt_port, saver, stop))

    async def ended() -> None:
        await stop.wait()
        telling.cancel()
        await saver.stop()  # MiniStack saves once more when it is told to end

    await serve(Gate(noting, LOOPBACK), config, shutdown_trigger=ended)  # type: ignore[arg-type]


async def _tell_when_ready(folder: Path, port: int, mqtt_port: int, saver: Saver, stop: asyncio.Event) -> None:
    app = ministack.module("app")
    while app._iot_mtls_state not in ("listening", "degraded") or not await _answers(port):
        await asyncio.sleep(_LOOK_S)
    if app._iot_mtls_state == "degraded":
        print(f"nothing can listen on port {mqtt_port}, the one for boards", file=sys.stderr, flush=True)
        stop.set()
        return
    processes.note(folder, os.getpid(), ready=True, notes=saver.notes, mqtt_port=mqtt_port)


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True


if __name__ == "__main__":
    main()
