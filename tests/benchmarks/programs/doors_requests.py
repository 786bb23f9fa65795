"""The same calls by micropython-lib's requests, which firmware has frozen in, with this library's signature.

Argument 1 is thing.conf.json, 2 the keys, 3 the number of calls. It verifies no server, and makes a connection a call.
"""

import json
import sys
import time

import requests

from aws_iot.web import sigv4

with open(sys.argv[1]) as file:
    conf = json.load(file)
keys = json.loads(sys.argv[2])
host = "localhost"  # what it sends as Host
path = "/things/%s/shadow" % conf["mqttid"]


def update(number):
    body = json.dumps({"state": {"reported": {"n": number}}}).encode()
    stamp, digest = sigv4.dated(time.gmtime()), sigv4.hashed(body)
    text = "".join(sigv4.headers(keys, stamp, "POST", host, path, "", digest, "us-east-1", "iotdata"))
    lines = dict([line.split(": ", 1) for line in text.strip().split("\r\n")])
    answer = requests.post("https://%s:%d%s" % (host, conf["port"], path), data=body, headers=lines)
    if answer.status_code != 200:
        raise ValueError(answer.text)
    return answer.json()


update(0)
began = time.ticks_ms()
for number in range(int(sys.argv[3])):
    update(number)
print(json.dumps({"event": "done", "value": time.ticks_diff(time.ticks_ms(), began)}))
