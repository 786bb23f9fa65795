"""A TLS server that refuses the client's certificate as AWS does: with an alert. asyncio's own drops the alert."""

import asyncio
import contextlib
import ssl

from .broker_wire import listening


class Refuser:
    """An async context manager: listens on loopback with `context`, whose client CA did not sign the device's
    certificate."""

    def __init__(self, context):
        self.context, self.port = context, 0

    async def __aenter__(self):
        listener = listening(0)
        self.port = listener.getsockname()[1]
        self._server = await asyncio.start_server(self._serve, sock=listener)
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _serve(self, reader, writer):
        with contextlib.suppress(ConnectionError):
            await self._shake_hands(reader, writer)
        writer.close()

    async def _shake_hands(self, reader, writer):
        """Until it is refused; the alert is the last that goes out."""
        heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(heard, said, server_side=True)
        going_on = True
        while going_on:
            try:
                tls.do_handshake()
                raise AssertionError("a certificate that is not trusted was taken")
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                going_on = False
            writer.write(said.read())
            await writer.drain()
            if going_on:
                data = await reader.read(65536)
                heard.write(data)
                going_on = bool(data)
