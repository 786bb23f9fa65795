"""`thing doctor` for any thing: what AWS says of it and, where its key is here, what doctor finds on the way in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..board import doctor
from ..board.doctor import Sick, Tell
from ..things import single
from ..things.kept import kept
from ..things.project import Project
from . import about

if TYPE_CHECKING:
    from ..cloud.aws import Aws


def examine(aws: Aws, thing: str, folder: Path, report: Tell) -> bool:
    """report(stage, ok, text) after each stage, up to the first that fails; True when all is well.

    folder: where projects with keys may be. With one, it connects as the thing, and a board is cut off for a moment.
    """
    found = _Found(aws, thing)
    stages = (
        ("thing", found.thing), ("certificate", found.certificate), ("policy", found.policy),
        ("connection", found.connection),
    )  # fmt: skip
    if not doctor.run(stages, report):
        return False
    project, why = key(aws, thing, folder)
    if project is None:
        report("from here", True, why)
        return True
    return doctor.examine(project, report, lambda: doctor.aws_causes(aws, project.config()))


def key(aws: Aws, thing: str, folder: Path) -> tuple[Project | None, str]:
    """The project whose active thing this is, so that it can be connected as; else why there is none."""
    where = kept(aws, folder).get(thing)
    if where is None:
        return None, f"not tried: the thing's key is in no project of {folder.resolve()}"
    project = Project.open(where)
    if project.active() != thing:
        return None, f"not tried: `thing use {where} --thing {thing}` makes it the one that is examined"
    return project, ""


class _Found:
    """Stages that ask AWS alone."""

    def __init__(self, aws: Aws, name: str) -> None:
        self._aws, self._name = aws, name

    def thing(self) -> str:
        return str(single.known(self._aws, self._name)["thingArn"])

    def certificate(self) -> str:
        self._all = about.certificates(self._aws, self._name)
        if not self._all:
            raise Sick("no certificate is attached to the thing: nobody can connect as it")
        good = [each for each in self._all if each.status == "ACTIVE" and each.left_days >= 0]
        if not good:
            states = ", ".join(f"{each.id[:8]} {'ended' if each.left_days < 0 else each.status}" for each in self._all)
            raise Sick(f"none of its certificates lets it in ({states}): activate one, or make one")
        self._good = good
        return ", ".join(f"{each.id[:8]} is active, {each.left_days} days left" for each in good)

    def policy(self) -> str:
        policies = sorted({name for each in self._good for name in each.policies})
        if not policies:
            raise Sick("no policy is attached to its certificate: it may do nothing, not even connect")
        return ", ".join(policies)

    def connection(self) -> str:
        return about.connection(self._aws, self._name)
