"""AWS's own SDK v2 for Python, over its C runtime."""

from awscrt.mqtt import QoS
from awsiot import mqtt_connection_builder
from threaded import Threaded


class Peer(Threaded):
    def __init__(self, host, port, name, certificate, key, ca, window=1):
        super().__init__(name, window)
        self.connection = mqtt_connection_builder.mtls_from_path(
            endpoint=host, port=port, client_id=name, cert_filepath="thing.crt", pri_key_filepath="thing.key",
            ca_filepath="ca.pem", clean_session=True, keep_alive_secs=60,
        )  # fmt: skip

    def connect(self):
        self.connection.connect().result(10)

    def on_delta(self, answer):
        self.subscribe(self.shadow + "/delta", lambda payload: self.delta(answer, payload), 1)

    def subscribe(self, topic, handler, qos=0):
        def arrived(topic, payload, **_):
            handler(payload)
            self.arrived.set()

        self.connection.subscribe(topic, QoS(qos), arrived)[0].result(10)

    def _publish(self, topic, payload, qos, done):
        future, _ = self.connection.publish(topic, payload, QoS(qos))
        if done:
            future.add_done_callback(lambda future: done())
