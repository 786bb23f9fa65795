"""AWS's SDK v1 for Python."""

from AWSIoTPythonSDK.MQTTLib import AWSIoTMQTTClient
from threaded import Threaded


class Peer(Threaded):
    def __init__(self, host, port, name, certificate, key, ca, window=1):
        super().__init__(name, window)
        self.client = AWSIoTMQTTClient(name)
        self.client.configureEndpoint(host, port)
        self.client.configureCredentials("ca.pem", "thing.key", "thing.crt")

    def connect(self):
        self.client.connect(60)

    def on_delta(self, answer):
        self.subscribe(self.shadow + "/delta", lambda payload: self.delta(answer, payload), 1)

    def subscribe(self, topic, handler, qos=0):
        def arrived(client, userdata, message):
            handler(message.payload)
            self.arrived.set()

        self.client.subscribe(topic, qos, arrived)

    def _publish(self, topic, payload, qos, done):
        if qos:
            self.client.publishAsync(topic, payload, 1, ackCallback=lambda mid: done and done())
        else:
            self.client.publish(topic, payload, 0)
