"""The ordinary device: subscribes, publishes at QoS 1 on a schedule whatever the link does, and takes what comes.

Parameters besides App's: publishes (how many), period_ms (device time between them), backlog (bytes that wait for
PUBACK from which on it publishes no more), size (bytes of each), topic.
"""

from base import App, main


class Session(App):
    def start(self):
        self.published = 0
        self.client.pid = self.params.get("pid", 0)
        self.size = self.params.get("size", 0)
        self.period_ms = self.params.get("period_ms", 300)
        self.backlog = self.params.get("backlog", 1 << 30)
        for topic_filter in self.params.get("filters", ["in/#"]):
            self.client.subscribe(topic_filter, 1, self.got)
        self.client.subscribe("ctl", 1, self.control)

    def got(self, topic, payload):
        """A message: its beginning identifies it, its length must be right."""
        self.say("got", topic=topic, size=len(payload), payload=str(payload[:24], "utf-8"))

    def step(self):
        if self.published >= self.params.get("publishes", 3) or self.client.queued >= self.backlog:
            return
        if self.clock.elapsed() >= self.published * self.period_ms:
            self.published += 1
            self.publish("%s-%d" % (self.params.get("client_id", "device"), self.published))

    def publish(self, name):
        """One QoS 1 publish; what the library accepted is said and must arrive."""
        payload = name + "." * (self.size - len(name))
        pid = self.attempt("publish", self.client.publish, self.params.get("topic", "out"), payload, False, 1)
        if pid is not None:
            self.say("accepted", pid=pid, payload=name)

    def do_publish(self, order):
        for index in range(order.get("count", 1)):
            self.publish("%s-%d" % (order["name"], index))


if __name__ == "__main__":
    main(Session)
