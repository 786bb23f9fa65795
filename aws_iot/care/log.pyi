"""What a board prints, published. It stays in the heap once a program has asked for it.

https://docs.micropython.org/en/latest/library/os.html#os.dupterm
"""

from io import IOBase

from ..mqtt import MQTTClient
from ..thing import Thing

def begin(thing: Thing, period_s: float, size_bytes: int) -> Log:
    """Thing.log: a thing has one."""

class Log(IOBase):
    """A stream into a ring of bytes, which poll() publishes. ``lost``: bytes that had no room, until that is told."""

    lost: int

    def __init__(self, client: MQTTClient, topic: str, period_s: float, size_bytes: int) -> None: ...
    def write(self, data: str | bytes | bytearray | memoryview) -> int:
        """Take text or bytes, whatever comes of them: it is called by print(), which is not to fail.

        What is printed while a message goes out is about that message, and would go on for ever: it is dropped.
        """
