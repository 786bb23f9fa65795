"""AWS IoT Jobs: the pending executions of a thing, and handlers that run them.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

import aws_iot

from .. import BOARD, method, ticks_add, ticks_diff
from ..errors import LinkError, ResponseTimeout
from .job import Job, JobError  # noqa: F401  Zerynth's place for Job

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_PAUSE_MS = const(5000)  # before a request that got no answer is made again

TYPE_CHECKING = const(0)
if TYPE_CHECKING:  # for readers' tools: mpy-cross leaves this out
    from . import (
        details,
        engine,
        execution,
        handlers,
    )


def __getattr__(name):
    return aws_iot.lend(globals(), name)


class Jobs:
    """The jobs of ``thing``. Handlers run from thing.poll(), or whatever drives it, one job at a time.

    ``timeout_ms``: for each answer of AWS (default: the client's). ``job``: the one that runs, or None. What is called
    now and then is in handlers.py.
    """

    # the report while a handler runs: what ends that without its end being noted
    BROKEN = (Job.FAILED, {"reason": "interrupted by Ctrl-C or a lack of memory"})

    job = None  # the one that runs
    work = None  # its generator
    call = None  # a request of the engine, a generator as well: poll() does not wait for its answer
    report = None  # (status, details): its end, until AWS has taken it
    busy = check = False
    news = asking = True  # there may be some already
    fails = 0  # how often the next one, or its document, found no room

    def __init__(self, thing, timeout_ms=None):
        self.thing = thing
        self.timeout_ms = timeout_ms
        self.handlers = {}
        self.hooks = []
        self.done = []  # [id, number, status, details] of the last ones
        aws_iot.jobs.handlers.start(self)

    def __getattr__(self, name):
        return method(self, aws_iot.jobs.handlers, name)

    def changed(self):
        """True once at first, after each change of the pending jobs, and after each connect (some may be missed)."""
        changed, self.news = self.news, False
        return changed

    def notified(self, *_):
        """Something changed, or may have."""
        self.news = self.asking = self.check = True
        self.due = self.thing.mqtt.ticks()

    def tick(self, ticks):
        """After a connect (ticks is None): AWS sends nothing again, so ask."""
        if ticks is None:
            self.notified()

    def poll(self):
        """What the client's poll() begins with: who watches, then a step of the job. True: it is not to wait."""
        for hook in self.hooks:
            hook()
        return self._step()

    def _step(self):
        """One step of the job that runs, or the start of the next; True when the next step should follow at once."""
        mqtt = self.thing.mqtt
        if self.busy or not self.handlers:
            return False
        self.busy = True
        try:
            if self.call is None:
                wanted = self.check if self.work else self.report or self.asking
                # the work goes on meanwhile: it may be what leaves no memory for the question
                if wanted and mqtt.ready and ticks_diff(self.due, mqtt.ticks()) <= 0:
                    self.call = aws_iot.jobs.engine.step(self)
                elif self.work:
                    return self._advance()
                else:
                    return False
            next(self.call)
        except StopIteration as end:
            self.call = None
            return end.value
        except Exception as error:
            self.call = None
            if not isinstance(error, (LinkError, ResponseTimeout)):
                mqtt.report(error)
            self.due = ticks_add(mqtt.ticks(), _PAUSE_MS)
        finally:
            self.busy = False
        return False

    def _advance(self):
        """One step of the generator. One that was broken off looks, when advanced again, like one that is done."""
        work = self.work
        self.report, self.work = self.BROKEN, None
        try:
            result = next(work)
        except StopIteration as end:
            self.report = ("SUCCEEDED", None)  # a constant, that needs no memory
            aws_iot.jobs.engine.end(self, Job.SUCCEEDED, end.value)
        except Exception as error:
            aws_iot.jobs.engine.fail(self, error)
        else:
            self.report, self.work = None, work
            if not isinstance(result, dict):
                return result
            self.call = self.progress(result)
        return True

    def progress(self, details):
        """Here, so that engine.py is not in the heap while an answer is awaited."""
        if not (yield from self.job.steps("progress", details)):  # type: ignore[attr-defined]
            self.check = True
        return True


if not BOARD:
    aws_iot.complete(Jobs, aws_iot.jobs.handlers)
    aws_iot.complete(Job, aws_iot.jobs.execution)
