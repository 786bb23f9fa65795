"""The scripted broker behind a WebSocket: what its links read and write, in frames that wsproto makes and takes.

It stands in for AWS IoT's port 443, but checks no signature; MiniStack does (tests/system/test_doors.py).
https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
"""

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Request
from wsproto.utilities import LocalProtocolError, RemoteProtocolError


class Socket:
    """A link's reader and writer in one."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self._server, self._messages = WSConnection(ConnectionType.SERVER), []
        self.close, self.transport, self.is_closing = writer.close, writer.transport, writer.is_closing
        self.drain, self.get_extra_info = writer.drain, writer.get_extra_info

    async def read(self, most):
        """What came in binary frames; b"" at the end."""
        while not self._messages:
            data = await self._reader.read(most)
            try:
                self._server.receive_data(data or None)
            except RemoteProtocolError as error:
                raise ConnectionError(str(error)) from error
            for event in self._server.events():
                if isinstance(event, Request):
                    self._writer.write(self._server.send(AcceptConnection(subprotocol=event.subprotocols[0])))
                elif isinstance(event, BytesMessage):
                    self._messages.append(bytes(event.data))
                elif isinstance(event, Ping):
                    self._writer.write(self._server.send(event.response()))
                elif isinstance(event, CloseConnection):
                    return b""
            if not data:
                return b""
        return self._messages.pop(0)

    def write(self, data):
        try:
            self._writer.write(self._server.send(BytesMessage(data=bytes(data))))
        except LocalProtocolError as error:
            raise ConnectionError(str(error)) from error
