"""umqtt.simple 1.6.0: `ssl_params` is back, and connect() has a timeout. See the package's docstring."""


class MQTTClient(MQTTClient):
    def __init__(
        self, client_id, server, port=0, user=None, password=None, keepalive=0, ssl=None, ssl_params={}
    ):  # fmt: skip
        super().__init__(client_id, server, port, user, password, keepalive, ssl)
        self.ssl_params = ssl_params

    def connect(self, clean_session=True, timeout=None):
        self.sock = socket.socket()
        self.sock.settimeout(timeout)
        reach(self)
        if self.ssl is True:
            import ssl

            self.sock = ssl.wrap_socket(self.sock, **self.ssl_params)
        elif self.ssl:
            self.sock = self.ssl.wrap_socket(self.sock, server_hostname=self.server)
        return greet(self, clean_session)
