"""A TLS server that refuses the client's certificate as AWS does: with an alert. asyncio's own drops the alert."""

import contextlib
import socket
import ssl
import threading


class Refuser:
    """A context manager: listens on loopback with `context`, whose client CA did not sign the device's certificate."""

    def __init__(self, context):
        self.context, self.port = context, 0

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(5)
                with connection, contextlib.suppress(ssl.SSLError, OSError):
                    self.context.wrap_socket(connection, server_side=True)
