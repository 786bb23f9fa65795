"""What was made through the API, deleted: a part of `thing cleanup`."""

from __future__ import annotations

import shutil

from ... import journal
from ...cloud.aws import WORKERS, Aws
from ...shapes import Progress
from ...things import place, workers
from ...things.project import SERVED, Project
from ...things.workers import Outcome
from . import recovery
from .service import Things
from .store import FILE, Store


def plan(project: Project) -> list[str] | None:
    """The names of the things that were made through the API, as far as they are noted here; None where it was never
    served, nor a key made."""
    folder = project.resources / SERVED
    if not folder.is_dir():
        return None
    if not (folder / FILE).exists():
        return []
    store = Store(folder)
    try:
        return [entry.name for entry in store.all()]
    finally:
        store.close()


def run(aws: Aws, project: Project, progress: Progress) -> Outcome:
    """Delete them, in AWS and here, those included of which AWS alone knows; then the keys. What fails is kept."""
    place.check(aws, project)
    folder = project.resources / SERVED
    with journal.lock(folder / recovery.LOCK):
        store = Store(folder)
        try:
            served = Things(aws, project, store)
            noted, begun = {entry.name for entry in store.all()}, {record.name for record in recovery.records(folder)}
            recovery.settle(served, progress)
            entries = {entry.name: entry for entry in store.all()}
            with progress(len(entries)) as advance:
                outcome = workers.run(entries, lambda name: served.erase(entries[name]), WORKERS, advance)
            settled = noted - entries.keys()
            outcome.done += len(settled)
            outcome.gone += len(settled - begun)
        finally:
            store.close()
        if not outcome.failures:
            shutil.rmtree(folder, ignore_errors=True)  # on Windows the lock's own file stays
    return outcome
