"""A device whose certificate is renewed while it runs: the order "rotate" has the next connection use the new one."""

from base import main, read
from session import Session


class Rotated(Session):
    def do_rotate(self, order):
        from aws_iot.mqtt.tls import context

        self.client.context = context(read(order["cert"]), read(order["key"]), read(self.params["tls"]["ca"]))


if __name__ == "__main__":
    main(Rotated)
