"""This library as a user runs it: a Thing with a delta handler, and of the response topics only the deltas.

The peers subscribe to nothing else either; peer_default has all five topics.
"""

from aws_iot import Thing

TOPICS = ("update/delta",)


class Peer:
    def __init__(self, host, port, name, certificate, key, ca, window=10):
        self.thing = Thing(host, name, certificate, key, None, ca, port=port, shadow_topics=TOPICS, window=window)
        self.mqtt = self.thing.mqtt
        self.connect = self.mqtt.connect
        self.poll = self.mqtt.poll
        self.report = self.thing.update_shadow
        self.on_delta = self.thing.on_shadow_request

    def keepalive(self, seconds):
        self.mqtt.keepalive = seconds

    def subscribe(self, topic, handler, qos=0):
        self.mqtt.subscribe(topic, qos, lambda topic, payload: handler(payload))

    def publish(self, topic, payload, qos):
        mqtt = self.mqtt
        mqtt.publish(topic, payload, False, qos)
        while len(mqtt.kept) >= mqtt.window:
            mqtt.poll(1000)

    def wait(self):
        self.mqtt.poll(1000)

    def drain(self):
        while self.mqtt.kept:
            self.mqtt.poll(1000)
