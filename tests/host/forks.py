"""Runs `thing` for each line of its input, in a fork of a process that has imported boto3 and read its models.

Those take most of the second that a command takes. A line is {"words", "cwd", "environment", "typed",
"timeout_s", "step"}; its answer {"code": exit code or -signal, "stdout", "stderr", "steps": how many were
taken}. With a step that is not 0 the command is killed -9 at it. A step is each moment at which the world
changes: a file or folder is renamed, made or removed, an HTTP request is about to leave, an HTTP answer has
arrived and nobody has read it.
"""

import functools
import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import tempfile
import threading

import aws_iot_tools
import boto3
import botocore.session
from aws_iot_tools.main import COMMANDS, main
from botocore.httpsession import URLLib3Session

lock = threading.Lock()
steps = last = 0


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


send = URLLib3Session.send


def stepped_send(self, request):
    tick()
    answer = send(self, request)
    tick()
    return answer


def child(files, count, words, cwd, environment, timeout_s):
    """The command, in the fork; never returns."""
    for number, file in enumerate(files):
        os.dup2(file.fileno(), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    signal.alarm(timeout_s)
    for name in ("replace", "rename", "mkdir", "unlink", "rmdir"):
        setattr(os, name, before(getattr(os, name)))
    URLLib3Session.send = stepped_send
    code = 1
    try:
        main(words)
    except SystemExit as error:
        code = error.code or 0
    finally:
        for stream in (sys.stdout, sys.stderr):
            if not stream.closed:
                stream.flush()
        os.write(count, str(steps).encode())
        os._exit(code)


def run(step, typed, **command) -> dict:
    global last
    last = step
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        stdin.write(typed.encode())
        stdin.seek(0)
        pid = os.fork()
        if not pid:
            child((stdin, stdout, stderr), writer, **command)
        os.close(writer)
        _, status = os.waitpid(pid, 0)
        taken = os.read(reader, 20)  # nothing when it was killed
        os.close(reader)
        stdout.seek(0)
        stderr.seek(0)
        return {
            "code": os.waitstatus_to_exitcode(status),
            "stdout": stdout.read().decode(),
            "stderr": stderr.read().decode(),
            "steps": int(taken or 0),
        }


for module in pkgutil.iter_modules(aws_iot_tools.__path__):
    importlib.import_module(f"aws_iot_tools.{module.name}")
for module, *_ in COMMANDS.values():
    importlib.import_module(f"aws_iot_tools.commands.{module}")
botocore.session.create_loader = functools.cache(botocore.session.create_loader)  # what it reads here, no fork reads
for service in ("iot", "iot-data", "s3", "sts"):
    boto3.client(service, region_name="us-east-1")
gc.collect()
gc.freeze()  # a collection in a fork would copy all that it looks at
answers = os.fdopen(os.dup(1), "w")
for line in sys.stdin:
    print(json.dumps(run(**json.loads(line))), file=answers, flush=True)
