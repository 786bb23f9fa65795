"""AWS IoT Jobs: the pending executions of a thing, and handlers that run them.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

from . import borrow
from .errors import LinkError, ResponseTimeout
from .job import Job, JobError, operation, strings
from .transport import ticks_add, ticks_diff, ticks_ms

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_SOON_MS = const(1000)
_PAUSE_MS = const(5000)  # before a request that got no answer, or was throttled, is made again
_REMEMBERED = const(4)  # finished jobs that are known when they are delivered again


class Jobs:
    """The jobs of ``thing``. Handlers run from thing.poll(), or whatever drives it, one job at a time.

    ``timeout_ms``: for each answer of AWS (default: the client's).
    """

    def __init__(self, thing, timeout_ms=None):
        self.thing = thing
        self.timeout_ms = timeout_ms
        self.job = None  # the one that runs
        self._handlers = {}
        self._hooks = []
        self._work = None  # its generator
        self._report = None  # (status, details): its end, until AWS has taken it
        self._done = []  # [id, number, status, details] of the last ones
        self._busy = self._check = False
        self._changed = self._ask = True  # there may be some already
        self._due = ticks_ms()
        self._topic = borrow("topics").jobs(thing.thingname, "")
        for name in ("notify", "notify-next"):
            thing.mqtt.subscribe(self._topic + name, 1, self._notified, raw=True)
        # nothing is sent again after a reconnect: ask
        thing.mqtt.on_ready(self._ready)
        # whatever drives the client drives the jobs: they put their step behind each of its own
        self._poll = thing.mqtt.poll
        self._eager = False
        thing.mqtt.poll = self._drive

    def _ready(self, now):
        if now is None:  # connected, and not just a tick
            self._notified()

    def _notified(self, *_):
        self._changed = self._ask = self._check = True
        self._due = ticks_ms()

    def changed(self):
        """True once at first, after each change of the pending jobs, and after each connect (some may be missed)."""
        changed, self._changed = self._changed, False
        return changed

    def list(self):
        """The pending jobs: (in progress, queued), lists of Job. Raises ResponseTimeout, LinkError or Rejected."""
        answer = self.thing.request(self._topic + "get", {}, self.timeout_ms)
        lists = []
        for name, status in (("inProgressJobs", Job.IN_PROGRESS), ("queuedJobs", Job.QUEUED)):
            lists.append([self._job(summary, status) for summary in answer.get(name, ())])
        return lists[0], lists[1]

    def start_next(self, status_details=None, step_timeout_min=None):
        """Start the next pending job, or find the one in progress; None when there is none. Raises as ``list``."""
        document = {}
        if status_details:
            document["statusDetails"] = strings(status_details)
        if step_timeout_min:
            document["stepTimeoutInMinutes"] = step_timeout_min
        answer = self.thing.request(self._topic + "start-next", document, self.timeout_ms)
        return self._job(answer["execution"], Job.IN_PROGRESS) if answer.get("execution") else None

    def _job(self, execution, status=None):
        job = Job(self.thing, execution["jobId"], self.timeout_ms)
        job.status = status
        job.take(execution)
        return job

    def handle(self, name, function, resume=None, step_timeout_min=None):
        """Run ``function(job)`` for jobs whose operation is ``name``.

        What it returns (None or a dict of details) makes the job SUCCEEDED, what it raises FAILED with the reason. Long
        work is a generator: it is advanced from poll to poll; a dict that it yields is reported as progress, True asks
        for the next step at once. ``resume(job)`` gets a job that was in progress at a power failure; without it such
        a job has FAILED. ``step_timeout_min``: AWS gives up a job that reports nothing for so long.
        """
        self._handlers[name] = (function, resume, step_timeout_min)

    def watch(self, hook):
        """``hook()`` after each poll() of the client, connected or not."""
        self._hooks.append(hook)

    def _drive(self, timeout_ms=0):
        done = self._poll(0 if self._eager else timeout_ms)
        for hook in self._hooks:
            hook()
        self._eager = self.poll()
        return done or self._eager

    def poll(self):
        """One step of the job that runs, or the start of the next; True when the next step should follow at once."""
        if self._busy or not self._handlers:
            return False
        if ticks_diff(self._due, ticks_ms()) > 0:
            return False
        self._busy = True
        try:
            return self._step()
        except Exception as error:
            if not isinstance(error, (LinkError, ResponseTimeout)):
                self.thing.mqtt.report(error)
            self._check = True
            self._due = ticks_add(ticks_ms(), _PAUSE_MS)
        finally:
            self._busy = False
        return False

    def _step(self):
        ready = self.thing.mqtt.ready
        if self._report:
            return ready and self._finish()
        if self._work:
            if self._check and ready:
                self._check = False
                self.job.describe()
            if not self.job.canceled:
                return self._advance()
            self._cancel()
        if ready and self._ask:
            self._ask = False
            try:
                return self._next()
            except Exception:
                self._ask = self.job is None
                raise
        return False

    def _next(self):
        job = Job(self.thing, "$next", self.timeout_ms)
        if not job.describe():
            if job.error:  # throttled, or worse
                self._ask = True
                self._due = ticks_add(ticks_ms(), _PAUSE_MS)
            return False
        for done in self._done:
            if done[:2] == [job.id, job.number]:
                if job.status == Job.IN_PROGRESS:  # the report of its end was lost
                    self.job, self._report = job, done[2:]
                return True
        handler = self._handlers.get(operation(job.document))
        self.job = job
        if job.status == Job.IN_PROGRESS:
            if handler and handler[1]:
                self._start(handler[1])
            else:
                self._end(Job.FAILED, {"reason": "interrupted by a restart"})
        elif not handler:
            self._end(Job.REJECTED, {"reason": "unknown operation %s" % operation(job.document)})
        elif job.update(Job.IN_PROGRESS, None, handler[2]):
            self._start(handler[0])
        else:
            self.job = None
            self._ask = True
            self._due = ticks_add(ticks_ms(), _PAUSE_MS)
        return True

    def _start(self, function):
        self._check = False
        try:
            result = function(self.job)
        except Exception as error:
            self._fail(error)
            return
        if hasattr(result, "send"):
            self._work = result
        else:
            self._end(Job.SUCCEEDED, result)

    def _advance(self):
        try:
            result = next(self._work)
        except StopIteration as end:
            self._work = None
            self._end(Job.SUCCEEDED, end.value)
            return True
        except Exception as error:
            self._work = None
            self._fail(error)
            return True
        if isinstance(result, dict):
            self.job.progress(result)
            return True
        return result

    def _fail(self, error):
        text = str(error) if isinstance(error, JobError) else "%s: %s" % (type(error).__name__, error)
        self._end(Job.FAILED, {"reason": text})

    def _end(self, status, details):
        if details is not None and not isinstance(details, dict):
            details = {"result": details}
        self._report = [status, details]

    def _finish(self):
        job = self.job
        status, details = self._report
        if not (job.canceled or job.update(status, details) or job.canceled):
            # refused although it is ours: the version was behind, since an answer got lost; it is known now
            self._due = ticks_add(ticks_ms(), _SOON_MS)
            return False
        self._done.append([job.id, job.number, status, details])
        del self._done[:-_REMEMBERED]
        self.job = self._report = None
        self._ask = True
        return True

    def _cancel(self):
        work, self._work = self._work, None
        self.job = None
        self._ask = True
        try:
            work.close()
        except Exception as error:
            self.thing.mqtt.report(error)
