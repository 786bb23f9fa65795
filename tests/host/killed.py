"""Runs `thing` and kills it -9 at its nth step: `killed.py N words...`; with N = 0 prints how many steps there are.

A step is each moment at which the world changes: a file or folder is renamed, made or removed, an HTTP request is about
to leave, an HTTP answer has arrived and nobody has read it.
"""

import os
import signal
import sys
import threading

from botocore.httpsession import URLLib3Session

steps = 0
lock = threading.Lock()
last = int(sys.argv[1])


def tick():
    global steps
    with lock:
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)


def before(function):
    def stepped(*words, **options):
        tick()
        return function(*words, **options)

    return stepped


for name in ("replace", "rename", "mkdir", "unlink", "rmdir"):
    setattr(os, name, before(getattr(os, name)))
send = URLLib3Session.send


def stepped_send(self, request):
    tick()
    answer = send(self, request)
    tick()
    return answer


URLLib3Session.send = stepped_send

from aws_iot_tools.main import main  # noqa: E402  after what it uses has been stepped

try:
    main(sys.argv[2:])
finally:
    if not last:
        print(steps)
