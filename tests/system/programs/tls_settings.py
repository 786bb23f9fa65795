"""A program that connects by mutual TLS once with each of the given settings, and says what came of each.

They come as a line of JSON, a list: port, and the files of ca, cert and key (each may be missing); `year` sets the
clock back.
"""

import json
import sys
import time

from aws_iot import MQTTClient
from aws_iot.errors import LinkError

EVENTS = []


def read(path):
    with open(path, "rb") as file:
        return file.read()


def trusting_nobody():
    """A context as a program makes it that forgets to load a CA."""
    try:
        from tls import CERT_REQUIRED, PROTOCOL_TLS_CLIENT, SSLContext
    except ImportError:  # CPython
        from ssl import CERT_REQUIRED, PROTOCOL_TLS_CLIENT, SSLContext
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    context.verify_mode = CERT_REQUIRED
    return context


def client(port, ca=None, cert=None, key=None):
    params = {"cadata": ca and read(ca), "cert": cert and read(cert), "key": key and read(key)}
    made = MQTTClient("device", "localhost", port, ssl=True if ca else trusting_nobody(), ssl_params=params)
    made.on_event(lambda event, value: EVENTS.append(event))
    return made


def attempt(settings):
    del EVENTS[:]
    try:
        client(**settings).connect(timeout=60)
    except LinkError as error:
        return {"event": "refused", "text": str(error), "disconnected": EVENTS.count("disconnected")}
    except Exception as error:
        return {"event": "raised", "text": repr(error)}
    return {"event": "connected"}


class Unset:
    """The time module of a board that nobody has told the time. The TLS library's own clock is the machine's."""

    def __init__(self, year):
        self.year = year

    def gmtime(self):
        return (self.year, 1, 1, 0, 0, 12, 5, 1, 0)

    def __getattr__(self, name):
        return getattr(time, name)


for settings in json.loads(sys.stdin.readline()):
    if "year" in settings:
        sys.modules["time"] = Unset(settings.pop("year"))  # for what is imported from now on
    print(json.dumps(attempt(settings)))
