"""A device that runs jobs: "move" succeeds, "raise" raises, "details" returns what AWS would refuse, "good" is good."""

from base import App, main

from aws_iot.jobs import Jobs


class JobsDevice(App):
    def start(self):
        self.client.subscribe("ctl", 1, self.control)
        self.client.thingname, self.client.mqtt = "device", self.client  # a thing as far as Jobs looks
        jobs = Jobs(self.client)
        for name, function in (("move", self.move), ("raise", self.fails), ("details", self.details)):
            jobs.handle(name, function)
        jobs.handle("good", lambda job: None)

    def move(self, job):
        yield {"progress": 50}

    def fails(self, job):
        raise ValueError("a bug\nin the application")

    def details(self, job):
        yield {"a name with blanks": 1}
        return {"text": 2000 * "x"}


if __name__ == "__main__":
    main(JobsDevice)
