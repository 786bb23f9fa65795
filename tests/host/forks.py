"""Runs `thing` for each line of its input, in a fork of a process that has imported boto3 and read its models.

Those take most of the second that a command takes. Words that begin with a file of Python are that program, in place of
`thing`. A line is {"words", "cwd", "environment", "typed",
"timeout_s", "step", "full", "bound"}; its answer {"code": exit code or -signal, "stdout", "stderr", "steps": how many
were taken}. With a step that is not 0 the command is killed -9 at it, or with "full" finds no room on the disk from
then on: RLIMIT_FSIZE has write() refused (EFBIG) as a full disk does (ENOSPC). A step is each moment at which the
world changes: a file or folder is renamed, made or removed, an HTTP request is about to leave, an HTTP answer has
arrived and nobody has read it. With "bound" the rights of files hold for root, too.
"""

import ctypes
import functools
import gc
import importlib
import json
import os
import pkgutil
import resource
import runpy
import selectors
import signal
import sys
import tempfile
import threading
import traceback

import aws_iot_tools
import boto3
import botocore.session
from aws_iot_tools.main import COMMANDS, main
from botocore.httpsession import URLLib3Session

lock = threading.Lock()
steps = last = 0
fills = False


def tick():
    global steps
    with lock:
        steps += 1
        if steps == last and fills:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        elif steps == last:
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


def bind():
    """Lay root's capabilities down: https://man7.org/linux/man-pages/man2/capset.2.html"""
    version, this_process = 0x20080522, 0
    if ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(version, this_process), (ctypes.c_uint32 * 6)()):
        raise OSError("capset")


def child(stdio, count, words, cwd, environment, timeout_s, bound):
    """The command, in the fork; never returns."""
    for number, descriptor in enumerate(stdio):
        os.dup2(descriptor, number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    signal.alarm(timeout_s)
    for name in ("replace", "rename", "mkdir", "unlink", "rmdir"):
        setattr(os, name, before(getattr(os, name)))
    URLLib3Session.send = stepped_send
    if bound:
        bind()
    code = 1
    try:
        if words and words[0].endswith(".py"):
            sys.argv = words
            runpy.run_path(words[0], run_name="__main__")
            code = 0
        else:
            main(words)
    except SystemExit as error:
        code = error.code or 0
    except Exception:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            if not stream.closed:
                stream.flush()
        os.write(count, str(steps).encode())
        os._exit(code)


def contents(readers) -> list:
    """All that comes out of these pipes, and they are closed."""
    said = dict.fromkeys(readers, b"")
    with selectors.DefaultSelector() as selector:
        for reader in readers:
            selector.register(reader, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                data = os.read(key.fd, 65536)
                said[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return [text.decode() for text in said.values()]


def run(step, full, typed, **command) -> dict:
    global last, fills
    last, fills = step, full
    readers, writers = zip(*[os.pipe() for _ in range(3)], strict=True)  # no files: these may be refused
    with tempfile.TemporaryFile() as stdin:
        stdin.write(typed.encode())
        stdin.seek(0)
        pid = os.fork()
        if not pid:
            child((stdin.fileno(), *writers[:2]), writers[2], **command)
    for writer in writers:
        os.close(writer)
    stdout, stderr, taken = contents(readers)  # of the steps nothing when it was killed
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return {"code": code, "stdout": stdout, "stderr": stderr, "steps": int(taken or 0)}


for module in pkgutil.walk_packages(aws_iot_tools.__path__, "aws_iot_tools."):
    if not module.name.startswith(("aws_iot_tools.commands.", "aws_iot_tools.dev.", "aws_iot_tools.selftest.")):
        importlib.import_module(module.name)
for module, *_ in COMMANDS.values():
    importlib.import_module(f"aws_iot_tools.commands.{module}")
botocore.session.create_loader = functools.cache(botocore.session.create_loader)  # what it reads here, no fork reads
for service in ("iot", "iot-data", "s3", "sts", "iam", "lambda", "sqs", "sns", "dynamodb", "logs"):
    boto3.client(service, region_name="us-east-1")
gc.collect()
gc.freeze()  # a collection in a fork would copy all that it looks at
answers = os.fdopen(os.dup(1), "w")
for line in sys.stdin:
    print(json.dumps(run(**json.loads(line))), file=answers, flush=True)
