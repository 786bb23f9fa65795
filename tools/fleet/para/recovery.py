"""Before the first request: what a kill left is ended, and what the store has is what the registry of AWS has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...cloud import aws as aws_errors
from ...cloud.aws import WORKERS
from ...shapes import Json, Progress
from ...things import single, things, workers
from ...things.record import Record, sweep
from . import objects
from .service import Things
from .store import Entry

LOCK = ".lock"


def settle(served: Things, progress: Progress) -> None:
    """Make store, records and AWS agree; whoever calls this has the lock of the folder."""
    _end_what_was_cut_off(served)
    registry = {thing["thingName"]: thing for thing in _registry(served)}
    for entry in served.store.all():
        listed = registry.pop(entry.name, None)
        if listed is None or things.owner_of(listed) != entry.record["project"]:
            _forget(served, entry)
    if registry:
        with progress(len(registry)) as advance:
            outcome = workers.run(registry.values(), lambda thing: _adopt(served, thing), WORKERS, advance)
        if outcome.failures:
            raise outcome.failures[0][1]


def _end_what_was_cut_off(served: Things) -> None:
    """A record without an entry is of a creation that had no answer, or of a deletion: nothing of it is to stay. One
    with an entry is of a creation that had ended, unless it says that it is of a deletion."""
    sweep(served.folder)
    for record in records(served.folder):
        entry = served.store.named(record.name)
        if entry and entry.record["project"] == record.get("project") and not record.get("deleting"):
            record.remove()
            continue
        if record.values:
            single.delete(served.aws, record)
        else:
            record.remove()  # of a folder that was just made
        if entry and entry.record["project"] == record.get("project"):
            served.store.remove([entry])


def records(folder: Path) -> Iterator[Record]:
    """Of what is being made or deleted."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            yield Record(path)


def _registry(served: Things) -> Iterator[Json]:
    """The things of the account that were made through the API of this project."""
    for thing in aws_errors.pages(served.aws.iot.list_things, "things", maxResults=250):
        if (things.owner_of(thing) or "").startswith(f"{served.owner}:") and thing["attributes"].get("appid"):
            yield thing


def _forget(served: Things, entry: Entry) -> None:
    """Take out an entry whose thing is gone; asked once more, since a listing may lag behind."""
    found = single.describe(served.aws, entry.name)
    if found is None or things.owner_of(found) != entry.record["project"]:
        served.store.remove([entry])


def _adopt(served: Things, thing: Json) -> None:
    """Make an entry of what AWS alone knows: the file was lost, or is that of an older copy of the project."""
    attributes, name = thing["attributes"], thing["thingName"]
    found = single.describe(served.aws, name)
    if found is None:
        return
    record = {
        "project": things.owner_of(found), "policy": single.policy_name(name), "thing_arn": found["thingArn"],
        "thing_id": found["thingId"], "cert_arn": None,
    }  # fmt: skip
    key = attributes.get("id") or found["thingId"]
    served.store.add([Entry(attributes["appid"], key, name, objects.kept(), record)])
