"""Who is measured: this library, what a user would pick instead, and the floor."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """`key` names its module, peer_<key>.py in programs/lib or programs/cpython."""

    key: str
    title: str
    runtimes: tuple = ("mp32", "mp64")


_CPYTHON = ("cpython",)
OURS = Peer("ours", "**aws_iot**, deltas only", ("mp32", "mp64", "cpython"))
DEFAULT = Peer("default", "**aws_iot**, all response topics", ("mp32", "mp64", "cpython"))
ROM = Peer("rom", "**aws_iot** in ROMFS, deltas only", ("mp32",))
FLOOR = Peer("floor", "floor: hand-written for the one packet")
UMQTT = Peer("umqtt", "umqtt.simple 1.3.4")
NODELAY = Peer("nodelay", "umqtt.simple with TCP_NODELAY")
ROBUST = Peer("robust", "umqtt.robust 1.0")
PAHO = Peer("paho", "paho-mqtt 2.2.0", _CPYTHON)
AIOMQTT = Peer("aiomqtt", "aiomqtt 2.5.1", _CPYTHON)
SDK2 = Peer("awsiotsdk", "awsiotsdk 1.31.0 (AWS SDK v2)", _CPYTHON)
SDK1 = Peer("awsiotpythonsdk", "AWSIoTPythonSDK 1.6.2", _CPYTHON)

STALLING = (UMQTT, ROBUST)  # 44 ms at each publish of QoS 1

ALL = (OURS, DEFAULT, FLOOR, UMQTT, NODELAY, ROBUST, PAHO, AIOMQTT, SDK2, SDK1)
RUNTIMES = ("mp32", "mp64", "cpython")
TITLES = {"mp32": "MicroPython, 32 bit", "mp64": "MicroPython, 64 bit", "cpython": "CPython"}


def on(runtime: str, *left_out: Peer) -> list:
    """The peers that run there, but for some."""
    return [peer for peer in ALL if runtime in peer.runtimes and peer not in left_out]
