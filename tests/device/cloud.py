"""A stand-in for AWS's Device Shadow service, one classic shadow: its documents, and the messages about them.

On every runtime and every stand-in for a broker: behind a Peer here, behind the scripted broker of the fault suite in
tests/harness/broker_shadow.py.

https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html
"""

from json import loads


def updated(old, new):
    """A section of the document after an update: null deletes, objects merge, all else replaces."""
    result = dict(old)
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = old.get(key)
            made = updated(below if isinstance(below, dict) else {}, value)
            # an object made of nulls alone is not stored; one that is emptied stays, and so does a given {}
            if made or not value or isinstance(below, dict):
                result[key] = made
            else:
                result.pop(key, None)
        else:
            result[key] = value
    return result


def difference(desired, reported):
    """What the delta holds: members of desired that reported has not, or has otherwise."""
    result = {}
    for key, value in desired.items():
        if key not in reported:
            result[key] = value
        elif isinstance(value, dict) and isinstance(reported[key], dict):
            below = difference(value, reported[key])
            if below:
                result[key] = below
        elif value != reported[key]:
            result[key] = value
    return result


def times(state, time):
    """The metadata of a section or an array: when each member was set."""
    if isinstance(state, dict):
        return {key: times(value, time) for key, value in state.items()}
    if isinstance(state, list):
        return [times(value, time) for value in state]
    return {"timestamp": time}


def metadata_of(state, metadata):
    """That part of the metadata of desired which belongs to a delta."""
    found = {}
    for key, value in state.items():
        below = metadata.get(key, {})
        found[key] = metadata_of(value, below) if isinstance(value, dict) else below
    return found


class ShadowService:
    """``requests``: (operation, document) of each; ``refuse``: operation -> (code, message), for the next one.

    ``say(name, document)``, of who has a broker: a message on the response topic of this name.
    """

    def __init__(self, thing):
        self.prefix = "$aws/things/%s/shadow/" % thing
        self.desired, self.reported = {}, {}
        self.set_at = {}  # desired's metadata
        self.exists, self.version, self.time = False, 0, 1000
        self.requests = []
        self.refuse = {}

    def take(self, topic, payload):
        """A message from the device."""
        if not topic.startswith(self.prefix):
            return
        operation = topic[len(self.prefix) :]
        document = loads(payload) if payload else {}
        self.requests.append((operation, document))
        answer = {"timestamp": self.time}
        if "clientToken" in document:
            answer["clientToken"] = document["clientToken"]
        problem = self.refuse.pop(operation, None)
        if not problem and operation != "update" and not self.exists:
            problem = (404, "No shadow exists with name: '%s'" % self.prefix.split("/")[2])
        if not problem and document.get("version", self.version) != self.version:
            problem = (409, "Version conflict")
        if problem:
            answer["code"], answer["message"] = problem
            self.say(operation + "/rejected", answer)
            return
        getattr(self, "_" + operation)(document, answer)

    def desire(self, state):
        """The cloud's side updates desired."""
        self._update({"state": {"desired": state}}, {"timestamp": self.time})

    def _get(self, document, answer):
        state = {"desired": self.desired, "reported": self.reported}
        delta = difference(self.desired, self.reported)
        if delta:
            state["delta"] = delta
        answer["state"], answer["version"] = state, self.version
        answer["metadata"] = {"desired": self.set_at}
        self.say("get/accepted", answer)

    def _delete(self, document, answer):
        self.desired, self.reported, self.exists = {}, {}, False
        answer["version"] = self.version
        self.say("delete/accepted", answer)

    def _update(self, document, answer):
        state = document["state"]
        before = {"state": {"desired": self.desired, "reported": self.reported}, "version": self.version}
        self.desired = updated(self.desired, state.get("desired", {}))
        self.set_at = updated(self.set_at, times(state.get("desired", {}), self.time))
        self.reported = updated(self.reported, state.get("reported", {}))
        self.version += 1
        self.exists = True
        answer["state"], answer["version"] = state, self.version
        self.say("update/accepted", answer)
        delta = difference(self.desired, self.reported)
        if delta:
            document = {"state": delta, "version": self.version, "timestamp": self.time}
            document["metadata"] = metadata_of(delta, self.set_at)
            self.say("update/delta", document)
        after = {"state": {"desired": self.desired, "reported": self.reported}, "version": self.version}
        self.say("update/documents", {"previous": before, "current": after, "timestamp": self.time})


class Cloud(ShadowService):
    """The service behind a Peer."""

    def __init__(self, peer, thing="me"):
        super().__init__(thing)
        self.peer = peer
        peer.service = self.take

    def say(self, name, document):
        """To the client, if it subscribes to that."""
        topic = self.prefix + name
        for names in self.peer.filters():
            if topic in names:
                self.peer.publish(topic, document, 9)
                return
