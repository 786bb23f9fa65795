"""A TCP relay before a broker: the link that a test, or the demo, can cut and restore."""

import contextlib
import selectors
import socket
import ssl
import threading

from .ports import free_port


class Relay:
    """Forwards connections from `port` to the target; cut() ends them and lets in no new ones until restore()."""

    def __init__(self, target_port: int, port: int = 0) -> None:
        self.target_port = target_port
        self.port = port or free_port()
        self.connections = 0
        self._cut = threading.Event()
        self._stopped = threading.Event()
        self._sockets = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def cut(self) -> None:
        """End the connections abruptly, as a link that goes away and comes back does, and refuse others."""
        self._cut.set()
        self._close_all()

    def restore(self) -> None:
        self._cut.clear()

    def stop(self) -> None:
        self._stopped.set()
        # Wakes accept() up, which a close alone would not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._close_all()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                device, _ = self._listener.accept()
            except OSError:
                return
            if self._cut.is_set():
                device.close()
                continue
            self.connections += 1
            threading.Thread(target=self._carry, args=(device,), daemon=True).start()

    def _carry(self, device) -> None:
        try:
            broker = socket.create_connection(("127.0.0.1", self.target_port), timeout=30)
        except OSError:
            device.close()
            return
        broker.settimeout(None)
        pair = {device: broker, broker: device}
        with self._lock:
            self._sockets.update(pair)
        try:
            self._pump(pair)
        except OSError:
            pass
        finally:
            with self._lock:
                self._sockets.difference_update(pair)
            for end in pair:
                end.close()

    @staticmethod
    def _pump(pair: dict) -> None:
        with selectors.DefaultSelector() as selector:
            for end in pair:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    waiting = True
                    while waiting:
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        pair[key.fileobj].sendall(data)
                        # TLS may hold more, of which its socket says nothing
                        waiting = isinstance(key.fileobj, ssl.SSLSocket) and key.fileobj.pending()

    def _close_all(self) -> None:
        with self._lock:
            for end in self._sockets:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)


class TlsFront(Relay):
    """A relay that ends TLS, with this context, before a server without: what a load balancer does. AWS's own
    endpoints speak TLS; MiniStack's gateway does not, unless all that it serves does.
    """

    def __init__(self, target_port: int, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(target_port)

    def _carry(self, device) -> None:
        try:
            device.settimeout(30)
            device = self._context.wrap_socket(device, server_side=True)
            device.settimeout(None)
        except OSError:
            device.close()
            return
        super()._carry(device)
