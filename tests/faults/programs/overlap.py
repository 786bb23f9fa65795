"""A device whose filters overlap, each with a handler of its own; some take what the shadow takes, too."""

from base import main
from session import Session

from aws_iot.shadow import Shadow


class Overlap(Session):
    def start(self):
        super().start()
        shadow = Shadow(self.client, "device")
        before, behind = ("in/+", shadow.prefix + "#"), ("in/x", shadow.prefix + "update/delta")
        for topic_filter in before:
            self.client.subscribe(topic_filter, 1, self.heard(topic_filter))
        shadow.on_delta(self.delta)
        for topic_filter in behind:
            self.client.subscribe(topic_filter, 1, self.heard(topic_filter))

    def heard(self, topic_filter):
        return lambda topic, payload: self.say(
            "heard", by=topic_filter, topic=topic, payload=str(payload[:24], "utf-8")
        )

    def delta(self, state):
        self.say("delta", state=state)
        return state


if __name__ == "__main__":
    main(Overlap)
