"""A device that measures its heap after each attempt that failed."""

from base import heap_bytes, main
from session import Session


class Failing(Session):
    def start(self):
        super().start()
        self.failed = False

    def event(self, name, value):
        self.failed = self.failed or name == "disconnected"

    def step(self):
        if self.failed:
            self.failed = False
            self.say("failed", heap=heap_bytes())
        super().step()


if __name__ == "__main__":
    main(Failing)
