"""A device with a last will."""

from base import main
from session import Session


class Will(Session):
    def make(self):
        client = super().make()
        client.set_last_will("will", b"gone", True, 1)
        return client


if __name__ == "__main__":
    main(Will)
