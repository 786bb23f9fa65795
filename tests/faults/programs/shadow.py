"""A device with a shadow: deltas are applied and reported, at QoS 1; reports on a schedule, for being offline.

Parameters besides App's: report_every_ms, reports (how many), answers ("all" reports each delta, "none").
"""

from base import App, heap_bytes, main

from aws_iot.shadow import Shadow


class ShadowDevice(App):
    def start(self):
        self.reported = 0
        self.client.subscribe("ctl", 1, self.control)
        self.shadow = Shadow(self.client, "device")
        self.shadow.on_delta(self.delta)

    def delta(self, state):
        self.say("delta", state=state if self.plain(state) else "odd", version=self.shadow.version)
        return state if self.params.get("answers", "all") == "all" else None

    def plain(self, state):
        """True if it is small, and JSON."""
        if len(state) > 19:  # the text of many members is as large as their message, and in one piece
            return False
        text = str(state)
        return len(text) < 200 and "inf" not in text

    def step(self):
        every_ms = self.params.get("report_every_ms", 1000)
        while self.reported < self.params.get("reports", 0) and self.clock.elapsed() >= self.reported * every_ms:
            self.reported += 1
            self.attempt(
                "report", self.shadow.report, {"count": self.reported, "nested": {"k%d" % (self.reported % 5): 1}}
            )
            if self.reported % 600 == 0:
                self.say("mark", count=self.reported, heap=heap_bytes())

    def do_request(self, order):
        answer = self.attempt(
            "shadow.update", self.shadow.update, {"asked": 1}, None, None, order.get("timeout_ms", 8000)
        )
        self.say("answer", ok=answer is not None)


if __name__ == "__main__":
    main(ShadowDevice)
