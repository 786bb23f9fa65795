"""What is wrong with the certificates, things and policies of an account and region, and of a project."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from .. import pki
from ..cloud import aws as aws_errors
from ..cloud.aws import WORKERS
from ..shapes import Advance, Json, Progress
from ..things import single, things
from . import permits

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from ..things.project import Project

_ONE, _OTHER = "one-thing", "another-thing"  # no thing's names
# What a thing may not do in the name of another.
_FOREIGN = (
    ("iot:Connect", f"client/{_OTHER}"),
    ("iot:Publish", f"topic/$aws/things/{_OTHER}/shadow/update"),
    ("iot:Publish", f"topic/dt/{_OTHER}/x"),
    ("iot:Subscribe", f"topicfilter/$aws/things/{_OTHER}/shadow/update/delta"),
    ("iot:Subscribe", "topicfilter/#"),
    ("iot:Receive", f"topic/$aws/things/{_OTHER}/shadow/update/delta"),
    ("iot:UpdateThingShadow", f"thing/{_OTHER}"),
    ("iot:DeleteThing", f"thing/{_OTHER}"),
)


def run(aws: Aws, project: Project | None, days: int, progress: Progress) -> list[Json]:
    """-> [{"kind", "what", "why"}], of certificates that end within so many days too."""
    listed = list(aws_errors.pages(aws.iot.list_certificates, "certificates", pageSize=250))
    with progress(len(listed)) as advance, ThreadPoolExecutor(WORKERS) as pool:
        certificates = list(pool.map(lambda each: _certificate(aws, each, advance), listed))
    known = single.listing(aws)
    held = {name for certificate in certificates for name in certificate["things"]}
    names = [each["policyName"] for each in aws_errors.pages(aws.iot.list_policies, "policies", pageSize=250)]
    documents = {name: things.policy_document(aws, name) or {} for name in names}
    found = [fault for certificate in certificates for fault in _faults(certificate, days)]
    found += [fault for certificate in certificates for fault in _misnamed(certificate, documents)]
    found += [
        _fault("thing without a certificate", each["name"], "it cannot connect; `thing delete` deletes it")
        for each in known if each["name"] not in held
    ]  # fmt: skip
    found += _wide(aws, documents)
    return found + (_of_project(aws, project, known, certificates) if project else [])


def _certificate(aws: Aws, listed: Json, advance: Advance) -> Json:
    arn, identity = listed["certificateArn"], listed["certificateId"]
    described = aws.iot.describe_certificate(certificateId=identity)["certificateDescription"]
    policies = aws_errors.pages(aws.iot.list_attached_policies, "policies", target=arn)
    found = {
        "arn": arn, "id": identity, "status": described["status"],
        "ends": pki.end_of_certificate(described["certificatePem"]),
        "name": pki.name_of_certificate(described["certificatePem"]),
        "things": list(aws_errors.pages(aws.iot.list_principal_things, "things", principal=arn)),
        "policies": [each["policyName"] for each in policies],
    }  # fmt: skip
    advance()
    return found


def _faults(certificate: Json, days: int) -> list[Json]:
    words = _words(certificate)
    found = []
    if not certificate["things"]:
        found.append(_fault("orphaned certificate", words, "no thing has it"))
    if not certificate["policies"]:
        found.append(_fault("certificate without a policy", words, "whoever has its key may do nothing"))
    if certificate["status"] != "ACTIVE":
        found.append(
            _fault("certificate not active", words, f"it is {certificate['status']}: nobody can connect by it")
        )
    left = (certificate["ends"] - datetime.datetime.now(datetime.timezone.utc)).days
    if left < 0:
        found.append(_fault("certificate has ended", words, f"on {certificate['ends']:%Y-%m-%d}"))
    elif left < days:
        found.append(_fault("certificate ends soon", words, f"on {certificate['ends']:%Y-%m-%d}, in {left} days"))
    return found


def _misnamed(certificate: Json, documents: dict[str, Json]) -> Iterator[Json]:
    """A certificate by which a thing may pass for another, where a policy goes by its name (`policy add --https`)."""
    going = [name for name in certificate["policies"] if pki.SUBJECT in json.dumps(documents.get(name))]
    if going and certificate["things"] and certificate["name"] not in certificate["things"]:
        why = f"it says {certificate['name']!r}, and by {going[0]} it may do what that thing may"
        yield _fault("certificate with another's name", _words(certificate), why)


def _wide(aws: Aws, documents: dict[str, Json]) -> list[Json]:
    found = []
    for name, document in documents.items():
        uses = foreign(document)
        if uses:
            targets = next(aws_errors.pages(aws.iot.list_targets_for_policy, "targets", policyName=name), None)
            use = "" if targets else " (nothing has it)"
            what = f"a thing may do this in the name of others: {', '.join(uses[:2])}{use}"
            found.append(_fault("policy too wide", name, what))
    return found


def foreign(document: Json) -> list[str]:
    """What a policy lets a thing do in the name of another."""
    said = permits.rights([document])
    uses = [use for use in _FOREIGN if permits.allowed(said, *use, _ONE)]
    return [f"{action} {resource}".replace(_OTHER, "ANOTHER") for action, resource in uses]


def _of_project(aws: Aws, project: Project, known: list[Json], certificates: list[Json]) -> list[Json]:
    """What the project has written down and AWS does not have, and the other way round."""
    owner, there = project.state()["project"], {each["name"] for each in known}
    held = {certificate["arn"]: certificate["things"] for certificate in certificates}
    found = []
    for name in project.things():
        record = project.record(name)
        arn = record.get("cert_arn")
        if name not in there:
            found.append(_fault("thing that AWS does not have", name, "its key is here; `thing cleanup` tidies up"))
        elif arn and arn not in held:
            found.append(_fault("certificate that AWS does not have", name, "it cannot connect: its key is of no use"))
        elif arn and name not in held[arn]:
            found.append(_fault("certificate that is not the thing's", name, "its policy needs the thing attached"))
    made = [each["name"] for each in known if each["attributes"].get("project") == owner]
    return found + [
        _fault("thing whose key is not here", name, "the project made it, and has no record of it")
        for name in made if name not in project.things()
    ]  # fmt: skip


def _words(certificate: Json) -> str:
    names = f" of {', '.join(certificate['things'])}" if certificate["things"] else ""
    return f"{certificate['id'][:16]}...{names}"


def _fault(kind: str, what: str, why: str) -> Json:
    return {"kind": kind, "what": what, "why": why}
