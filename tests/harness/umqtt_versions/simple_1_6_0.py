"""Stands in for umqtt.simple 1.6.0: `ssl_params` is back, and connect() has a timeout. See the package's docstring."""

import usocket

from .simple_1_4_0 import MQTTClient as _Older
from .simple_1_4_0 import MQTTException, greet, reach  # noqa: F401


class MQTTClient(_Older):
    def __init__(
        self, client_id, server, port=0, user=None, password=None, keepalive=0, ssl=None, ssl_params={}  # noqa: B006
    ):  # fmt: skip
        super().__init__(client_id, server, port, user, password, keepalive, ssl)
        self.ssl_params = ssl_params

    def connect(self, clean_session=True, timeout=None):
        self.sock = usocket.socket()
        self.sock.settimeout(timeout)
        reach(self)
        if self.ssl is True:
            import ssl

            self.sock = ssl.wrap_socket(self.sock, **self.ssl_params)
        elif self.ssl:
            self.sock = self.ssl.wrap_socket(self.sock, server_hostname=self.server)
        return greet(self, clean_session)
