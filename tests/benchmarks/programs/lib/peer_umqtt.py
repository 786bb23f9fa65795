"""umqtt.simple with the shadow done by hand, as its users do."""

from json import dumps, loads

from umqtt.simple import MQTTClient


class Peer:
    client = MQTTClient

    def __init__(self, host, port, name, certificate, key, ca, window=1):
        tls = {"cert": certificate, "key": key, "cadata": ca, "server_hostname": host}
        self.mqtt = self.client(name, host, port, ssl=True, ssl_params=tls)
        self.shadow = b"$aws/things/" + name.encode() + b"/shadow/update"
        self.connect = self.mqtt.connect
        self.wait = self.mqtt.wait_msg
        self.poll = self.mqtt.check_msg

    def on_delta(self, answer):
        def arrived(topic, payload):
            state = answer(loads(payload)["state"])
            if state is not None:
                self.report(state)

        self.mqtt.set_callback(arrived)
        self.mqtt.subscribe(self.shadow + b"/delta", 1)

    def report(self, state):
        self.mqtt.publish(self.shadow, dumps({"state": {"reported": state}}), False, 1)

    def subscribe(self, topic, handler, qos=0):
        self.mqtt.set_callback(lambda topic, payload: handler(payload))
        self.mqtt.subscribe(topic, qos)

    def publish(self, topic, payload, qos):
        self.mqtt.publish(topic, payload, False, qos)

    def drain(self):
        pass  # publish() has waited for its PUBACK
