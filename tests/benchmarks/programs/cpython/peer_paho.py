"""paho-mqtt, driven by its loop() in the one thread, which is its fastest way."""

import json
import ssl

from paho.mqtt.client import CallbackAPIVersion, Client


class Peer:
    def __init__(self, host, port, name, certificate, key, ca, window=1):
        self.address = host, port
        self.shadow = f"$aws/things/{name}/shadow/update"
        self.window = window
        self.flying = 0
        self.client = client = Client(CallbackAPIVersion.VERSION2, client_id=name)
        context = ssl.create_default_context(cafile="ca.pem")
        context.load_cert_chain("thing.crt", "thing.key")
        client.tls_set_context(context)
        client.max_inflight_messages_set(window)
        client.on_publish = self._published

    def _published(self, client, userdata, mid, reason, properties):
        self.flying -= 1

    def connect(self):
        answered = []
        self.client.on_connect = lambda *args: answered.append(args)
        self.client.connect(*self.address, keepalive=60)
        while not answered:
            self.client.loop(1)
        self.client.on_connect = None

    def wait(self):
        if self.client.loop(1):
            self._again()

    def poll(self):
        if self.client.loop(0):
            self._again()

    def _again(self):
        """loop() says that the link is gone; paho's own threads would come back after 1 s."""
        try:
            self.connect()
        except OSError:
            pass

    def subscribe(self, topic, handler, qos=0):
        done = []
        self.client.on_message = lambda client, userdata, message: handler(message.payload)
        self.client.on_subscribe = lambda *args: done.append(args)
        self.client.subscribe(topic, qos)
        while not done:
            self.client.loop(1)

    def on_delta(self, answer):
        def arrived(payload):
            state = answer(json.loads(payload)["state"])
            if state is not None:
                self.report(state)

        self.subscribe(self.shadow + "/delta", arrived, 1)

    def report(self, state):
        self.flying += 1
        self.client.publish(self.shadow, json.dumps({"state": {"reported": state}}), 1)

    def publish(self, topic, payload, qos):
        self.flying += 1
        self.client.publish(topic, payload, qos)
        while self.flying >= self.window:
            self.client.loop(1)

    def drain(self):
        while self.flying > 0:
            self.client.loop(1)
