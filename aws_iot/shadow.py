"""A device shadow: what the thing reports, what the cloud desires, and the difference.

What flows all the time is here; calls that wait are in shadow_calls.py, the rest in shadow_pending.py and
shadow_sync.py.
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-comms-device.html
"""

from json import dump

import aws_iot

from . import loads


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
        Exact, since the shadow keeps the last value of a member. ValueError if it is no dict; StateError when the
        queue is full and a merge would not be exact.
        """
        if not isinstance(state, dict):
            raise ValueError("state: a dict")
        client = self.client
        # behind half a queue, too, it is merged: there might be no room for it
        if (
            self.pending is None and client.ready
            and len(client.kept) < client.window and client.queued * 2 < client.queue_bytes
        ):  # fmt: skip
            self.send(state)
        else:
            aws_iot.shadow_pending.add(self, state)
        for key in state:
            if self.later is not None or isinstance(state[key], dict):
                aws_iot.shadow_pending.reported(self, state)
                break
        else:
            self.reported.update(state)

    def send(self, state):
        """Publish a report, at once or when there is room."""
        scratch = self.client.scratch
        scratch.seek(0)
        scratch.write('{"state":{"reported":')
        dump(state, scratch)
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
        if state:
            if not isinstance(state, dict):
                raise ValueError("no JSON object")
            if self.delta:
                self.client.call(self._changed, state)

    def newer(self, document):
        """Deltas may come out of order: an older version is dropped, unless the count has begun anew since."""
        version, time = document.get("version", self.version), document.get("timestamp", 0)
        if version < self.version and time <= self.time:
            return False
        self.version, self.time = version, time
        return True

    def _changed(self, state):
        answer = self.delta(state)
        if answer is not None:
            self.report(answer)


if not aws_iot.BOARD:
    aws_iot.complete(Shadow, aws_iot.shadow_calls, aws_iot.shadow_calls.prepare)
