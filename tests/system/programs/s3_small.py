"""A megabyte from a small heap into S3 and back. Arguments: thing.conf.json, the server of S3, bucket, key, bytes.

The file is one that is read in any pieces; what comes back is compared as it comes.
"""

import gc
import json
import sys

from aws_iot import Thing, web


class File:
    """Bytes that each say where they are."""

    def __init__(self):
        self.at = 0

    def seek(self, at):
        self.at = at

    def readinto(self, space):
        at = self.at
        for index in range(len(space)):
            space[index] = (at ^ at >> 8) & 255
            at += 1
        self.at = at
        return len(space)


class Compared:
    """Written to, it compares with File."""

    def __init__(self):
        self.file = File()
        self.buffer = bytearray(1024)
        self.same = True

    def write(self, part):
        view = memoryview(self.buffer)[: len(part)]
        self.file.readinto(view)
        self.same = self.same and bytes(view) == bytes(part)


def main(path, server, bucket, key, size):
    thing = Thing.from_config(path)
    s3 = web.s3.S3(thing, server=server)
    s3.put(bucket, key, File(), size, "text/plain")
    compared = Compared()
    count = s3.get(bucket, key, compared)
    gc.collect()
    free = gc.mem_free() if hasattr(gc, "mem_free") else None
    print(json.dumps({"event": "done", "count": count, "same": compared.same, "free": free}))


main(*sys.argv[1:5], int(sys.argv[5]))
