"""What Zerynth's MQTT client has and umqtt.simple has not. Lent when such a call is made.

A program keeps its ``from mqtt import mqtt`` as ``from aws_iot import zerynth as mqtt``.
"""

PUBLISH: int
PUBACK: int
PUBREC: int
PUBREL: int
PUBCOMP: int
SUBACK: int
UNSUBACK: int
PINGREQ: int
PINGRESP: int

class Message:
    """A message as Zerynth's callbacks get it: ``topic`` and ``payload`` as text, ``mid`` the packet id, None at QoS 0;
    ``qos``; ``retain`` and ``dup`` are always False.
    """

    mid: int | None
    topic: str
    payload: str
    qos: int
    retain: bool
    dup: bool

    def __init__(self, pid: int | None, topic: bytes, payload: bytes) -> None: ...
