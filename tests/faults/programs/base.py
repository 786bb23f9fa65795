"""What every device program of the fault suite has: a client or Thing, a driver, and JSON lines out.

Runs on CPython and MicroPython, in the time of stepped.py. The environment variable DEVICE is JSON (an argument of
over 255 bytes ends MicroPython's unix port); see App for what it may hold. The row's host side reads the lines: each
has "e" (the event) and "ms" (the time since the program's start).
"""

import gc
import json
import sys
from os import getenv

import stepped
from stepped import MICROPYTHON, TIME, sleep_ms

import aws_iot
from aws_iot import ticks_add
from aws_iot.errors import IotError

if MICROPYTHON:
    from time import clock as processor_s
else:
    from time import process_time as processor_s


def heap_bytes():
    """Bytes in use after a collection, without what is lent; 0 on CPython, whose heap says nothing about a board's."""
    aws_iot.keep(1 << 30)
    gc.collect()
    return gc.mem_alloc() if MICROPYTHON else 0


_LENT = (
    "answers attempt calls cause cause_tls connect control ending loss outgoing request state subscribe subscriptions"
    " tcp timers unusual"
).split()


def learn_names():
    """What stays of a lent file are its names, which come once and, now and then, with a piece of 2.2 KB: have them in
    the heap before that is measured.
    """
    try:
        for name in _LENT:
            getattr(aws_iot.mqtt, name)
    except MemoryError:  # a row with little heap
        pass


def largest_block(step=512):
    """Bytes of the largest piece that the heap has free, to `step` bytes."""
    gc.collect()
    least, most = 0, gc.mem_free() // step + 1
    while most - least > 1:
        middle = (least + most) // 2
        try:
            bytearray(middle * step)
            least = middle
        except MemoryError:
            most = middle
        gc.collect()
    return least * step


class Clock:
    """The ticks of this device; `offset` makes them wrap soon, or jump."""

    def __init__(self, offset):
        self.offset, self.begin = offset, TIME.now

    def __call__(self):
        return ticks_add(0, self.elapsed() + self.offset)

    def elapsed(self):
        return TIME.now - self.begin


class Chance:
    """Random integers from a seed, the same on every interpreter."""

    def __init__(self, seed):
        self.state = seed

    def __call__(self):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return self.state >> 7


class Network:
    """Stands in for the socket module of aws_iot, where a desktop has no other handle. `dns` plays a DNS that
    fails and moves: its answers are given in turn, each "fail", or the ports at which 127.0.0.1 is found (another
    port plays another address, behind a string that says how many seconds it takes). `send_buffer` is the bytes that
    TCP takes before it presses back, few as on a board."""

    def __init__(self, real, dns, send_buffer):
        self.real, self.dns, self.send_buffer = real, dns, send_buffer
        self.SOCK_STREAM = real.SOCK_STREAM

    def getaddrinfo(self, host, port, *rest):
        TIME.tell()
        if not self.dns:
            return self.real.getaddrinfo(host, port, *rest)
        answer = self.dns.pop(0) if len(self.dns) > 1 else self.dns[0]
        if answer == "fail":
            raise OSError("[addrinfo error -2]") if MICROPYTHON else OSError(-2, "Name or service not known")
        found = []
        for port in answer:
            if isinstance(port, str):
                sleep_ms(int(float(port) * 1000))
                continue
            found += self.real.getaddrinfo("127.0.0.1", port, *rest)
        return found

    def socket(self, *kind):
        made = self.real.socket(*kind)
        if self.send_buffer:
            made.setsockopt(1, 7, self.send_buffer)  # SOL_SOCKET, SO_SNDBUF
        return made


class Plain:
    """A context of no TLS."""

    def wrap_socket(self, raw, server_hostname, do_handshake_on_connect):
        return raw


def read(path):
    with open(path, "rb") as file:
        return file.read()


class App:
    """Base of all programs. Parameters: port, client_id, ticks (start), limit_s, driver (poll | async), seed, options
    (MQTTClient's), tls (ca, cert, key: paths; host: name), door (wss: behind a WebSocket)."""

    def __init__(self, params):
        self.params = params
        self.clock = Clock(params.get("ticks", 0))
        self.done, self.worst_gap_ms = False, 0
        fixed = params.get("random")
        self.chance = Chance(params.get("seed", 1)) if fixed is None else lambda: fixed
        aws_iot.socket = Network(aws_iot.socket, params.get("dns"), params.get("send_buffer"))
        self.client = self.make()
        TIME.alone = lambda: self.client.stream is None
        self.was_ready, self.measure, self.blocks = False, 0, 0

        self.client.on_event(self.on_event)
        self.client.on_error(self.on_error)

    # -- what a program may replace --

    def make(self):
        """The client under test."""
        from aws_iot.mqtt import MQTTClient

        params, options = self.params, dict(self.params.get("options", {}))
        options["clean_session"] = params.get("clean", True)
        if "tls" in params:
            from aws_iot.mqtt.tls import context

            files = params["tls"]
            pair = (read(files["cert"]), read(files["key"])) if "cert" in files else (None, None)
            options["ssl"] = context(pair[0], pair[1], read(files["ca"]))
            options["ssl_params"] = {"server_hostname": files.get("host", "localhost")}
        client = MQTTClient(
            params.get("client_id", "device"),
            params.get("host", "127.0.0.1"),
            params["port"],
            keepalive=params.get("keepalive", 60),
            ticks_ms=self.clock,
            random=self.chance,
            **options,
        )
        if params.get("door") == "wss":
            from aws_iot.web.websocket import WebSocket

            keys = "AKIDEXAMPLE", "secret", "token" * 200
            client.context = options.get("ssl") or Plain()
            client.context = WebSocket(client, lambda: keys, "eu-west-1", "localhost")
        return client

    def start(self):
        """Subscriptions and the like, before the first connection."""

    def step(self):
        """Called between polls, or every 20 ms beside run()."""

    def event(self, name, value):
        """Of the library, after it was said."""

    # -- the common part --

    def say(self, event, **fields):
        fields["e"] = event
        fields["ms"] = self.clock.elapsed()
        TIME.tell()
        sys.stdout.write(json.dumps(fields) + "\n")  # one write: lines stay whole

    def on_event(self, name, value):
        if isinstance(value, Exception):
            self.say(name, type=type(value).__name__, text=str(value))
        elif name == "data":
            self.say(name, size=len(value[1]))
        else:
            self.say(name, value=value)
        self.event(name, value)

    def on_error(self, error):
        self.say("error", type=type(error).__name__, text=str(error))

    def attempt(self, what, function, *args, **options):
        """Call the library; a documented error is said, anything else ends the program."""
        try:
            return function(*args, **options)
        except (IotError, ValueError) as error:
            self.say("raised", what=what, type=type(error).__name__, text=str(error))

    def control(self, topic, payload):
        """What the host asks for over MQTT: {"do": "finish"}, {"do": "heap"}, or anything a program adds."""
        order = json.loads(payload)
        getattr(self, "do_" + order["do"])(order)

    def do_heap(self, order):
        self.measure += 1  # on the next step: here the stack still holds what the library is lent

    def do_block(self, order):
        self.blocks += 1  # on the next step: here the message itself still lies in the middle of the heap

    def do_jump(self, order):
        self.clock.offset += order["ms"]

    def do_finish(self, order):
        self.done = True

    def run(self):
        """The whole program, by the driver asked for."""
        self.start()
        try:
            if self.params.get("driver") == "async":
                stepped.run(self.run_async())
            else:
                self.run_poll()
            self.tick()  # the last order may have come within a step: the heap is still to be measured
        finally:
            self.say("stats", stats=dict(self.client.stats), cause=self.client.cause, gap_ms=self.worst_gap_ms)
        self.attempt("disconnect", self.client.disconnect)
        self.say("end", in_time=not self.late(), heap=heap_bytes())

    def late(self):
        return self.clock.elapsed() > self.params["limit_s"] * 1000

    def tick(self):
        if self.client.ready and not self.was_ready:
            self.was_ready = True
            self.measure += 1
            learn_names()
        while self.blocks:
            self.blocks -= 1
            self.say("block", bytes=largest_block())
        while self.measure:
            self.measure -= 1
            self.say("heap", bytes=heap_bytes())
        if not self.done:
            self.step()

    def run_poll(self):
        self.attempt("connect", self.client.connect)
        while not self.done and not self.late():
            self.attempt("poll", self.client.poll, 20)
            self.tick()

    async def run_async(self):
        """run() as one task; this one ticks every 20 ms and measures how long it was kept waiting: by what waited
        meanwhile, and by what this process computed, since how fast a busy machine lets it is not the library's."""
        import asyncio

        task = asyncio.create_task(self.client.run())
        while not self.done and not self.late():
            before, computed = TIME.now, processor_s()
            await asyncio.sleep(0.02)
            gap_ms = TIME.now - before - 20 + 1000 * (processor_s() - computed)
            self.worst_gap_ms = max(self.worst_gap_ms, int(gap_ms))
            self.tick()
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass


def main(program):
    """Run `program` (a class) with the parameters that the host gave."""
    program(json.loads(getenv("DEVICE"))).run()
