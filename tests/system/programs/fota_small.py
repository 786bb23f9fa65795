"""The smallest application that is updated over the air, for boards with little memory.

Arguments: the board's folder; bytes of the buffer, and of a block; the free heap after the download, else all. A
server.pem in the folder is the CA of the server of the files, which otherwise is AWS's.

It says how much of its heap is in use at each event, and what went wrong; it ends when the new version would start.
"""

import gc
import json
import socket
import sys

import micropython

gc.threshold(2048)

import aws_iot  # noqa: E402
from aws_iot import Thing  # noqa: E402
from aws_iot.fota import Fota  # noqa: E402
from aws_iot.fota.slots import FileSlot  # noqa: E402
from aws_iot.record import exists  # noqa: E402

ballast = []


class Sockets:
    """socket, as far as the library uses it; in place of the name service stands that S3 is on this machine."""

    socket, SOCK_STREAM = socket.socket, socket.SOCK_STREAM

    def getaddrinfo(server, *args):
        return socket.getaddrinfo(b"localhost" if server.endswith(".amazonaws.com") else server, *args)


aws_iot.socket = Sockets


def told(event, value):
    gc.collect()
    if (event, value) == ("progress", 100) and len(sys.argv) > 4:
        while gc.mem_free() > int(sys.argv[4]):
            ballast.append(bytearray(64))
    if event == "done":
        micropython.qstr_info()
    if event != "progress":
        print(json.dumps({"event": event, "value": value, "heap": gc.mem_alloc()}))


def content(path):
    with open(path) as file:
        return file.read()


def start(folder):
    key = content(folder + "/firmware.pub")
    thing = Thing.from_config(folder + "/thing.conf.json")
    slot = FileSlot("1.0.0", folder + "/fota", "esp32")
    block = {"block_bytes": int(sys.argv[3])}
    server = folder + "/server.pem"
    https = {"cacert": content(server)} if exists(server) else None
    Fota(thing, slot, public_key=key, buffer_bytes=int(sys.argv[2]), https=https, stream=block, on_event=told)
    thing.on_error(lambda error: print(json.dumps({"event": "error", "value": repr(error)})))
    thing.loop_forever()


start(sys.argv[1])
