"""A device that publishes a sample at QoS 0 once a second while it is connected, and says when that is refused.

Parameters besides App's: samples (how many).
"""

from base import main
from session import Session


class Sampler(Session):
    def step(self):
        if self.published < self.params["samples"] and self.clock.elapsed() > self.published * 1000:
            self.published += 1
            if self.client.connected:
                self.attempt("publish", self.client.publish, "sample", "sample-%d" % self.published)


if __name__ == "__main__":
    main(Sampler)
