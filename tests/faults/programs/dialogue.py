"""A device that holds the same short dialogue again and again, each time with a new client: connect, subscribe,
publish, receive, ping, disconnect. Whatever cuts it, the dialogue must come to its end by reconnecting."""

from base import App, heap_bytes, main


class Dialogue(App):
    def start(self):
        self.number = 0
        self.begin()

    def begin(self):
        self.number += 1
        self.echoed = self.acknowledged = False
        if self.number > 1:
            self.client = self.make()
            self.client.on_event(self.on_event)
            self.client.on_error(self.on_error)
        if self.number % 20 == 0:
            self.say("mark", count=self.number, heap=heap_bytes())
        self.client.subscribe("echo/#", 1, self.echo)
        self.client.subscribe("ctl", 1, self.control)
        name = "d-%d" % self.number
        pid = self.client.publish("echo/x", name, False, 1)
        self.say("accepted", pid=pid, payload=name)

    def echo(self, topic, payload):
        self.say("got", payload=str(payload, "utf-8"))
        if payload == b"d-%d" % self.number:
            self.echoed = True
            self.client.ping()

    def event(self, name, value):
        if name == "puback":
            self.acknowledged = True

    def step(self):
        if self.echoed and self.acknowledged and not self.done:
            self.attempt("disconnect", self.client.disconnect)
            self.begin()
            if self.params["driver"] == "poll":
                self.attempt("connect", self.client.connect)

    async def run_async(self):
        """run() ends with each disconnect(); the next client has its own."""
        import asyncio

        while not self.done and not self.late():
            task, client = asyncio.create_task(self.client.run()), self.client
            while client is self.client and not self.done and not self.late():
                await asyncio.sleep(0.02)
                self.step()
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass


if __name__ == "__main__":
    main(Dialogue)
