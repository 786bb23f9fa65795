"""Collects a log in the flash and puts it into S3 when it is long enough, with keys fetched by its certificate."""

import gc
import os
import time

from aws_iot import IotError, Thing, web

BUCKET = "my-logs"
FILE = "log.txt"
LINES = 20  # a file; for a real log some thousand
PERIOD_MS = 200

thing = Thing.from_config("thing.conf.json")
thing.on_event(lambda event, value: print(event, "" if value is None else value))
s3 = web.s3.S3(thing)


def sample():
    with open(FILE, "a") as file:
        file.write("%d free=%d\n" % (time.time(), gc.mem_free()))  # put your sensor here


def upload():
    """The file, and then the shadow says where it is; what does not go now, goes with the next lines."""
    size = os.stat(FILE)[6]
    key = "%s/%04d-%02d-%02dT%02d%02d%02d.txt" % ((thing.thingname,) + tuple(time.gmtime()[:6]))
    thing.disconnect()  # a plain ESP32 has no room for TLS to S3 beside TLS to AWS IoT
    try:
        with open(FILE, "rb") as file:
            s3.put(BUCKET, key, file, size, "text/plain")
        os.remove(FILE)
        thing.report({"log": key, "bytes": size})
        print("uploaded", key, size)
    except (IotError, ValueError) as error:
        print("not uploaded:", error)
    s3.close()
    try:
        thing.connect()
    except IotError as error:
        print("not connected yet:", error)  # poll() goes on trying


lines = 0
while True:
    end = time.ticks_add(time.ticks_ms(), PERIOD_MS)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        thing.poll(20)
    sample()
    lines += 1
    if lines % LINES == 0:
        upload()
