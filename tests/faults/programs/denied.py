"""A device that keeps publishing to a topic that the policy denies ("no"), and to one that it allows."""

from base import main
from session import Session


class Denied(Session):
    def step(self):
        if self.published < 40 and self.client.ready and self.clock.elapsed() > self.published * 3000:
            self.published += 1
            self.attempt(
                "publish", self.client.publish, "no", "no-%d" % self.published, False, self.params.get("qos", 1)
            )


if __name__ == "__main__":
    main(Denied)
