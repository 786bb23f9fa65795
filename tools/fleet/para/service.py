"""What Para's routes do, by the functions of the commands: one thing made, shown, changed, deleted.

The record of a thing (things/record.py) is on the disk from before AWS has anything of it until the request's one
transaction is committed, and from before the first call of a deletion until after the last: what a kill leaves between
them recovery.py finds.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from ...cloud.aws import WORKERS, Aws
from ...shapes import Json
from ...things import shadows, single, things, workers
from ...things.project import SERVED, Project
from ...things.record import Record
from . import objects, search
from .refusal import Refused, not_found
from .store import Entry, Store

_PAGE, _PAGE_LIMIT = 30, 256
_BATCH_LIMIT = 256
_BY_ID = "_docid"  # Para's name for an order that a lastKey goes on in
_KEPT = ("project", "policy", "thing_arn", "thing_id", "cert_arn")  # of a record, in the store


class _Held:
    """Names at work: a set of them is taken when nobody has any of it."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def __call__(self, *names: str) -> Iterator[None]:
        wanted = set(names)
        with self._changed:
            self._changed.wait_for(lambda: not wanted & self._names)
            self._names |= wanted
        try:
            yield
        finally:
            with self._changed:
                self._names -= wanted
                self._changed.notify_all()


@dataclass
class _Plan:
    """A thing that is to be made."""

    name: str
    id: str | None
    given: Json
    document: Json | None = None  # as AWS has it, with the key


class Things:
    """The things that were made through the API of a project; for any thread."""

    def __init__(self, aws: Aws, project: Project, store: Store) -> None:
        self.aws, self.store = aws, store
        self.folder = project.resources / SERVED
        self.owner = project.state()["project"]
        self._held = _Held()

    def record(self, name: str) -> Record:
        return Record(self.folder / name)

    # create

    def create(self, appid: str, items: list[tuple[str | None, Json]]) -> list[Json]:
        """Make the things of (id or None, fields), all or none of them; -> the objects, with their keys this once."""
        if len(items) > _BATCH_LIMIT:
            raise Refused(400, f"Limit reached. Maximum number of items to create is {_BATCH_LIMIT}")
        plans = [_Plan(objects.check_new(given), key and objects.check_id(key), given) for key, given in items]
        if not plans:
            return []
        names, keys = [plan.name for plan in plans], [plan.id for plan in plans if plan.id]
        if len(set(names)) < len(names) or len(set(keys)) < len(keys):
            raise Refused(400, "name, id: two of the things have the same.")
        with self._held(*names, *(f"{appid} {key}" for key in keys)):  # no name has a space
            for plan in plans:
                self._check_free(appid, plan)
            outcome = workers.run(
                plans, lambda plan: self._make(appid, plan), min(WORKERS, len(plans)), stop_on_error=True
            )
            if outcome.failures:
                self._undo(plans)
                raise outcome.failures[0][1]
            entries = [self._entry(appid, plan) for plan in plans]
            try:
                self.store.add(entries)
            except BaseException:
                self._undo(plans)
                raise
            for name in names:
                with contextlib.suppress(OSError):  # it is there for the next start to remove
                    self.record(name).remove()
        return [self._with_details(entry, plan) for entry, plan in zip(entries, plans, strict=True)]

    def _check_free(self, appid: str, plan: _Plan) -> None:
        if self.store.named(plan.name):
            raise Refused(400, f"there is a thing {plan.name} already")
        if plan.id and self.store.get(appid, plan.id):
            raise Refused(400, f"there is a thing of the id {plan.id} already")

    def _make(self, appid: str, plan: _Plan) -> None:
        record = self.record(plan.name)
        if record.values:  # a deletion that AWS refused, say
            single.delete(self.aws, record)
        attributes = {"appid": appid, **({"id": plan.id} if plan.id else {})}
        plan.document = single.create(self.aws, record, "rsa", f"{self.owner}:{uuid.uuid4().hex}", attributes)
        if plan.given.get("deviceState"):
            shadows.set_desired(self.aws, plan.name, plan.given["deviceState"])

    def _undo(self, plans: list[_Plan]) -> None:
        """Take back what was made; what AWS refuses to take back has its record, and goes at the next start."""
        for plan in plans:
            with contextlib.suppress(Exception):
                if self.record(plan.name).values:
                    single.delete(self.aws, self.record(plan.name))

    def _entry(self, appid: str, plan: _Plan) -> Entry:
        record = self.record(plan.name)
        kept = {key: record.get(key) for key in _KEPT}
        return Entry(appid, plan.id or record.get("thing_id"), plan.name, objects.new(plan.given), kept)

    def _with_details(self, entry: Entry, plan: _Plan) -> Json:
        """The seed has them under the one name in its example, under the other in its text, as Para's code has."""
        details = {**(plan.document or {})["deviceMetadata"], "thingId": entry.id}
        return {**_shown(entry), "deviceMetadata": details, "deviceDetails": details}

    # read

    def read(self, appid: str, key: str) -> Json:
        """An object, with its state as the shadow is now."""
        entry = self._known(appid, key)
        self._check_there(entry)
        return _shown(self._synced(entry))

    def read_all(self, appid: str, keys: list[str]) -> list[Json]:
        """Those of the ids that there are, in their order."""
        if not keys:
            raise Refused(400, "Missing ids.")
        found = [self.store.get(appid, key) for key in dict.fromkeys(keys)]
        return self._all_synced([entry for entry in found if entry])

    def page(self, appid: str, kind: str, given: search.Parameters) -> Json:
        """A page of those that a search finds; kind: see search.py."""
        number, limit = _number(search.first(given, "page")) or 1, _number(search.first(given, "limit")) or _PAGE
        limit = 0 if kind == "count" or "count" in given else min(limit, _PAGE_LIMIT)
        sort = search.first(given, "sort", "timestamp").removeprefix("properties.")
        by_id = sort == _BY_ID
        if not all(part and part.replace("_", "").replace("-", "").isalnum() for part in sort.split(".")):
            sort = "timestamp"
        after = search.first(given, "lastKey") if by_id and number == 1 else None
        entries, total = self.store.page(
            appid, search.question(kind, given), "id" if by_id else sort, search.first(given, "desc", "true") == "true",
            limit, (number - 1) * limit, after or None,
        )  # fmt: skip
        last = {"lastKey": entries[-1].id} if by_id and entries else {}
        return {"items": self._all_synced(entries), "page": number, "totalHits": total, **last}

    def _known(self, appid: str, key: str) -> Entry:
        entry = self.store.get(appid, key)
        if entry is None:
            raise not_found()
        return entry

    def _check_there(self, entry: Entry) -> None:
        """Refused, and the entry is forgotten, when AWS has not this thing any more."""
        found = single.describe(self.aws, entry.name)
        if found is None or things.owner_of(found) != entry.record["project"]:
            self.store.remove([entry])
            raise not_found()

    def _synced(self, entry: Entry) -> Entry:
        state = single.device_state(self.aws, entry.name)
        if state != entry.object["deviceState"]:
            entry.object["deviceState"] = state
            self.store.set_state(entry, state)
        return entry

    def _all_synced(self, entries: list[Entry]) -> list[Json]:
        if entries:
            outcome = workers.run(entries, self._synced, min(WORKERS, len(entries)), stop_on_error=True)
            if outcome.failures:
                raise outcome.failures[0][1]
        return [_shown(entry) for entry in entries]

    # change

    def update(self, appid: str, key: str, given: Json) -> Json:
        """PATCH: what is given is changed. With `version`, which must be the object's, it is the object that was read
        and comes back, and of its state only what differs from what was read is written."""
        objects.check(given)
        with self._changing(appid, key, given) as entry:
            state = given.get("deviceState") or {}
            if given.get("version"):
                objects.check_version(entry.object, given)
                state = objects.wish(entry.object["deviceState"], state)
            if state:
                shadows.set_desired(self.aws, entry.name, state)
            entry.object = objects.changed(entry.object, given)
            return self._committed(entry)

    def replace(self, appid: str, key: str, given: Json) -> Json:
        """PUT: the object is what is given; one that is not there is made, with this id."""
        objects.check(given)
        if self.store.get(appid, key) is None:
            return self.create(appid, [(key, given)])[0]
        with self._changing(appid, key, given) as entry:
            if given.get("deviceState") is not None:
                document = shadows.get(self.aws, entry.name) or {"state": {}}
                absent = dict.fromkeys(document["state"].get("desired", {}))
                shadows.set_desired(self.aws, entry.name, {**absent, **given["deviceState"]})
            entry.object = objects.replaced(entry.object, given)
            return self._committed(entry)

    def update_all(self, appid: str, items: list[Json]) -> list[Json]:
        """PATCH for each that has the id of an object; those with a stale version are left out, unless all are."""
        if len(items) > _BATCH_LIMIT:
            raise Refused(400, f"Limit reached. Maximum number of items to update is {_BATCH_LIMIT}")
        for given in items:
            objects.check(given)
        found: dict[int, Json] = {}
        stale: list[int] = []

        def one(number: int) -> None:
            given = items[number]
            try:
                found[number] = self.update(appid, str(given.get("id") or ""), given)
            except Refused as error:
                if error.code == 412:
                    stale.append(number)
                elif error.code != 404:
                    raise

        outcome = workers.run(range(len(items)), one, WORKERS)
        if outcome.failures:
            raise outcome.failures[0][1]
        if stale and not found:
            raise Refused(412, "Update failed for all objects in batch due to 'version' mismatch.")
        return [found[number] for number in sorted(found)]

    @contextlib.contextmanager
    def _changing(self, appid: str, key: str, given: Json) -> Iterator[Entry]:
        """An entry that nobody else changes meanwhile, as it is then."""
        name = self._known(appid, key).name
        objects.check_name(name, given)
        with self._held(name):
            entry = self._known(appid, key)
            self._check_there(entry)
            yield entry

    def _committed(self, entry: Entry) -> Json:
        """After the shadow is written: a kill between the two leaves what the same request, asked again, ends."""
        entry.object["deviceState"] = single.device_state(self.aws, entry.name)
        self.store.set_object(entry)
        return _shown(entry)

    # delete

    def delete(self, appid: str, key: str) -> None:
        """Delete an object, and thing, certificates, policy and shadows."""
        with self._held(self._known(appid, key).name):
            self.erase(self._known(appid, key))

    def delete_all(self, appid: str, keys: list[str]) -> None:
        """delete() of those of the ids that there are."""
        if not keys:
            raise Refused(400, "Missing ids.")
        if len(keys) > _BATCH_LIMIT:
            raise Refused(400, f"Limit reached. Maximum number of items to delete is {_BATCH_LIMIT}")

        def one(key: str) -> None:
            with contextlib.suppress(Refused):  # it is gone
                self.delete(appid, key)

        outcome = workers.run(dict.fromkeys(keys), one, WORKERS)
        if outcome.failures:
            raise outcome.failures[0][1]

    def erase(self, entry: Entry) -> None:
        """Delete a thing of which nobody else is at work: what it shares with others stays theirs."""
        record = self.record(entry.name)
        found = single.describe(self.aws, entry.name)
        ours = found is not None and things.owner_of(found) == entry.record["project"]
        own, others = things.principals(self.aws, entry.name) if ours else ([], [])
        noted = [*(record.get("certificates") or ()), *own]  # those of a deletion that was stopped, too
        record.set(**{**entry.record, "certificates": noted, "done": True, "deleting": True})
        for arn in others:
            self.aws.iot.detach_thing_principal(thingName=entry.name, principal=arn)
        single.delete(self.aws, record)
        self.store.remove([entry])


def _shown(entry: Entry) -> Json:
    return objects.shown(entry.appid, entry.id, entry.name, entry.object)


def _number(text: str) -> int:
    """As Para reads numbers in a query: what is none is nothing, and a sign does not matter."""
    try:
        return min(abs(int(text)), 10**9)
    except ValueError:
        return 0
