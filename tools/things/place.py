"""Where a project's things were made: in another account, region or local AWS nothing is made, changed or deleted.

There, "not found" would be no news of our things, and what has their names would be somebody else's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cloud import local_aws
from ..errors import ToolError
from ..shapes import Json
from . import boards

if TYPE_CHECKING:
    from pathlib import Path

    from ..cloud.aws import Aws
    from .project import Project
    from .record import Record


def here(aws: Aws) -> Json:
    """What tells one place from another: the beginning of its ARNs and, as each local AWS has those, its CA."""
    return {"arn": aws.arn_prefix, "local": local_aws.identity(aws)}


def note(aws: Aws, project: Project) -> None:
    """Remember where the project's things are made, before the first is; ToolError when they were made elsewhere."""
    check(aws, project)
    if not project.state().get("place"):
        project.change_state(place=here(aws))


def check(aws: Aws, project: Project) -> None:
    """ToolError unless all that the project has was made here."""
    noted, place = project.state().get("place"), here(aws)
    for record in map(project.record, project.things()):
        check_record(aws, record)
    if not noted or noted == place:
        return
    if noted["arn"] != place["arn"]:
        raise _elsewhere(aws, "the project's things were", noted["arn"])
    raise ToolError(
        "the project's things were made in another local AWS (or this one has lost its CA); nothing was done: "
        'use that one (`eval "$(thing cloud env FOLDER)"`)'
    )


def check_record(aws: Aws, record: Record) -> None:
    """ToolError unless the thing of a record was made here, as its ARNs say."""
    for arn in filter(None, (record.get("thing_arn"), record.get("cert_arn"))):
        if not arn.startswith(f"{aws.arn_prefix}:"):
            raise _elsewhere(aws, f"{record.name} was", arn)


def check_target(folder: Path, name: str, arn: str) -> Json | None:
    """ToolError when a folder is a project that has a thing of this name, and this ARN is another thing's; -> what is
    noted of its board, if anything."""
    from .project import Project

    record = Project(folder).record(name)
    noted = record.get("thing_arn") or record.get("cert_arn")
    if noted and noted.split(":")[:5] != arn.split(":")[:5]:
        raise ToolError(
            f"{name} of this project was made in {_words(noted)}, and these credentials point to another thing of that "
            f"name, in {_words(arn)}; nothing was done: use the profile and region that it was made with"
        )
    return boards.described(record)


def _elsewhere(aws: Aws, what: str, arn: str) -> ToolError:
    return ToolError(
        f"{what} made in {_words(arn)}; these credentials point to {_words(aws.arn_prefix)}; nothing was done: "
        "use the profile and region that they were made with"
    )


def _words(arn: str) -> str:
    _, _, _, region, account, *_ = arn.split(":")
    return f"account {account}, region {region}"
