"""A device shadow: what the thing reports, what the cloud desires, and the difference.

What flows all the time is here; calls that wait are in shadow_calls.py, the rest in shadow_pending.py and
shadow_sync.py.
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-comms-device.html
"""

import aws_iot

from . import dump, loads

_PLAIN = (str, int, bool)  # what is equal here is equal there; floats may have 32 bits


class Shadow:
    """Shadow(client, thing, name=None, wanted=None): the classic shadow of ``thing``, or its shadow ``name``;
    ``wanted`` are the response topics a delta handler listens to.

    ``version`` is the last one seen, ``reported`` what this device has reported since it started
    (None for a member that it deleted).
    """

    def __init__(self, *args, **options):
        aws_iot.shadow_calls.prepare(self, *args, **options)

    def report(self, state: dict) -> None:
        """Report ``state``, a dict; no answer is awaited. Sent at QoS 1, or merged into one report while that cannot
        be.

        With ``on_delta`` a refusal goes to ``on_error``, and what was throttled is sent again; without it nobody hears.
        Exact, since the shadow keeps the last value of a member. ValueError, which names the member, for what AWS would
        refuse (no JSON, over 8 levels or ``limit_bytes``): nothing of the report is sent then. What it refuses all the
        same ends alone. StateError when the queue is full and a merge would not be exact.
        """
        aws_iot.shadow_pending.report(self, state)

    def send(self, state):
        """Publish a report, at once or when there is room."""
        scratch = self.client.scratch
        scratch.seek(0)
        scratch.write('{"state":{"reported":')
        dump(state, scratch)
        if scratch.tell() > self.limit:
            pending, self.pending = self.pending, None
            aws_iot.document.limit(state, self.limit)
            self.pending = pending
        scratch.write("}}")
        self.last = self.client.publish(self.topic, scratch, None, 1)

    def __getattr__(self, name):
        """on_delta, get, update, delete, on_documents: see shadow_calls.py."""
        return aws_iot.method(self, aws_iot.shadow_calls, name)

    # -- what the engine calls

    def tick(self, now):
        """After a connect (now is None), and every few seconds."""
        if now is None or self.pending is not None or self.asked is not None:
            aws_iot.shadow_sync.tick(self, now)

    def message(self, topic, document):
        """A message on one of the response topics."""
        document = loads(document)
        if not isinstance(document, dict):
            raise ValueError("no JSON object")
        delta = topic.endswith("delta")
        # each report is accepted: a .mpy file is not read for that
        if delta or topic.endswith("accepted") and self.asked is None and not self.client.requests:
            state = self.newer(document) and delta and document.get("state")
        else:
            state = aws_iot.shadow_sync.answer(self, topic[len(self.prefix) :], document)
        if state and self.delta:
            if self.desired or self.received == self.version or not isinstance(state, dict):  # it may know
                state = aws_iot.shadow_pending.find(self, state, document)
            if state:
                self.received, self.timestamp = self.version, self.time
                self.client.call(self.settle, state)

    def newer(self, document):
        """Deltas may come out of order: an older version is dropped, unless the count has begun anew since."""
        version, time = document.get("version", self.version), document.get("timestamp", 0)
        older = time <= self.time  # in any case: what is no number is not to stay
        if version < self.version and older:
            return False
        self.version, self.time = version, time
        return True

    def settle(self, state):
        """Tell the delta handler, and report what it answers."""
        # a frame of 11 words, with few names: see mqtt/__init__.py
        answer = self.delta(state)
        if (
            answer == state and not self.desired and self.pending is None and self.later is None and self.client.ready
            and len(self.client.kept) < self.client.window and self.client.queued * 2 < self.client.queue_bytes
        ):  # fmt: skip
            for key in state:
                if type(state[key]) not in _PLAIN:
                    break
            else:
                self.pending = state  # where it waits if there is no memory to send it: nobody would say it again
                self.send(state)
                self.pending = None
                self.reported.update(state)
                return
        aws_iot.shadow_pending.settle(self, state, answer)


if not aws_iot.BOARD:
    aws_iot.complete(Shadow, aws_iot.shadow_calls, aws_iot.shadow_calls.prepare)
