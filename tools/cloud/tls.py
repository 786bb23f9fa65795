"""TLS before a server without, what a load balancer does: MiniStack's gateway speaks TLS only in place of plain HTTP,
and then takes half a minute to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl

_BYE_S = 1  # who does not answer the end of TLS holds nobody up


async def relay(context: ssl.SSLContext, address: str, port: int, target: int) -> asyncio.Server:
    """Pass what comes by TLS at a port of an address on to another port of the same address, and the answers back."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            back, there = await asyncio.open_connection(address, target)
            with contextlib.closing(there):
                pumps = [asyncio.create_task(_pump(*ends)) for ends in ((reader, there), (back, writer))]
                try:
                    await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for pump in pumps:
                        pump.cancel()

    return await asyncio.start_server(carry, address, port, ssl=context, ssl_shutdown_timeout=_BYE_S)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
