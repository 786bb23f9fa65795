"""A thing in AWS: made step by step with the journal ahead of each step, found again after a kill, and deleted."""

from __future__ import annotations

import datetime
import email.utils
import json
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .. import pki
from ..cloud import aws as aws_errors
from ..errors import Final, ToolError
from ..shapes import Json
from . import place, policy, workers

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .record import Record

_OWNER = "project"  # the attribute that tells our thing from another's of the same name
_DETACH_TRIES = 8  # DetachThingPrincipal acts a little later than it answers
_CONFLICTS = ("DeleteConflictException", "InvalidRequestException", "CertificateStateException")


def create(
    aws: Aws, record: Record, owner: str, policy_name: str, key: str = "ec", additions: str | None = None
) -> None:
    """Create one thing, or go on where an earlier run stopped; each step is safe to do again. additions: the name of a
    second policy."""
    if record.get("done"):
        return
    place.check_record(aws, record)
    if not record.values:
        record.set(project=owner, policy=policy_name, key=key)
    if record.get("additions") != additions:
        record.set(additions=additions)
    answer = _create_thing(aws, record, owner)
    if not record.get("cert_arn"):
        record.set(thing_arn=answer["thingArn"], thing_id=answer["thingId"], requested=_server_time(answer))
        _create_certificate(aws, record)
    arn = record.get("cert_arn")
    if not record.certificate_path.exists():
        found = aws.iot.describe_certificate(certificateId=_id(arn))["certificateDescription"]
        record.save_certificate(arn, found["certificatePem"])
    workers.together(  # neither makes a resource, so neither has to be on disk before the other
        lambda: _attach_policies(aws, record),
        lambda: aws.iot.attach_thing_principal(thingName=record.name, principal=arn),
    )
    record.finish()


def _attach_policies(aws: Aws, record: Record) -> None:
    for name in record.policies:
        aws.iot.attach_policy(policyName=name, target=record.get("cert_arn"))


def _create_thing(aws: Aws, record: Record, owner: str) -> Json:
    """CreateThing answers again for a thing with the same attributes and refuses any other of that name."""
    attributes = {_OWNER: owner, **(record.get("attributes") or {})}
    try:
        return aws.iot.create_thing(thingName=record.name, attributePayload={"attributes": attributes})
    except ClientError as error:
        if aws_errors.code(error) != "ResourceAlreadyExistsException":
            raise
        found = aws.iot.describe_thing(thingName=record.name)
        if _is_that_of(record, found):
            return found  # ours, with attributes that were added since
        if not record.get("requested"):  # else a certificate is ours, and its key in the record
            record.remove()
        raise Final(
            f"the account has a thing {record.name} already that was not made here: take another base name "
            "(--things-base-name)"
        ) from error


def _create_certificate(aws: Aws, record: Record) -> None:
    """With a key of this machine, by which a certificate whose answer was never read is known: see recover()."""
    if not record.key_path.exists():
        record.save_key(pki.new_key(record.get("key") or "ec"))
    request = pki.request(record.key_path.read_bytes(), record.name)
    made = aws.iot.create_certificate_from_csr(certificateSigningRequest=request, setAsActive=True)
    record.save_certificate(made["certificateArn"], made["certificatePem"])


def recover(aws: Aws, records: Iterable[Record]) -> int:
    """Find by their public keys the certificates that earlier runs asked for and died before they could write down;
    -> how many."""
    lost = [record for record in records if record.get("requested") and not record.get("cert_arn")]
    by_key = {pki.public_pem(record.key_path.read_bytes()): record for record in lost if record.key_path.exists()}
    if not by_key:
        return 0
    found = 0
    for certificate in _certificates_since(aws, min(record.get("requested") for record in by_key.values())):
        description = aws.iot.describe_certificate(certificateId=certificate["certificateId"])["certificateDescription"]
        record = by_key.pop(pki.public_of_certificate(description["certificatePem"]), None)
        if record:
            record.save_certificate(description["certificateArn"], description["certificatePem"])
            found += 1
    return found


def _certificates_since(aws: Aws, seconds: float) -> list[Json]:
    since = datetime.datetime.fromtimestamp(seconds - 2, datetime.timezone.utc)
    listed = aws_errors.pages(aws.iot.list_certificates, "certificates", pageSize=250, ascendingOrder=False)
    return [certificate for certificate in listed if certificate["creationDate"] >= since]


def ensure_policy(aws: Aws, name: str, announce: Callable[[], object], role_alias: str | None = None) -> bool:
    """Make the least-privilege policy unless one of this name exists; announce() is called before it is made.
    -> False when the one that there is allows something else."""
    document = policy_document(aws, name)
    if document is None:
        announce()
        aws.iot.create_policy(policyName=name, policyDocument=policy.least_privilege(aws.arn_prefix, role_alias))
        return True
    return is_ours(aws, document, role_alias)


def make_policy(aws: Aws, name: str) -> bool:
    """ensure_policy() by one call where there is none."""
    try:
        aws.iot.create_policy(policyName=name, policyDocument=policy.least_privilege(aws.arn_prefix))
        return True
    except ClientError as error:
        if aws_errors.code(error) != "ResourceAlreadyExistsException":
            raise
    return is_ours(aws, policy_document(aws, name) or {})


def is_ours(aws: Aws, document: Json, role_alias: str | None = None) -> bool:
    """Whether a policy allows just what one made here does, be it with or without the role alias."""
    return document in [json.loads(policy.least_privilege(aws.arn_prefix, each)) for each in {None, role_alias}]


def change_policy(aws: Aws, name: str, role_alias: str | None) -> None:
    """Let a policy that was made here say the statement of a role alias, or say it no more."""
    put_policy(aws, name, policy.least_privilege(aws.arn_prefix, role_alias))


def put_policy(aws: Aws, name: str, text: str) -> None:
    """Make a policy, or let the one that there is say this; no version is left over."""
    document = policy_document(aws, name)
    if document is None:
        aws.iot.create_policy(policyName=name, policyDocument=text)
    if document in (None, json.loads(text)):
        return
    _delete_old_versions(aws, name)
    aws.iot.create_policy_version(policyName=name, policyDocument=text, setAsDefault=True)
    _delete_old_versions(aws, name)


def policy_document(aws: Aws, name: str) -> Json | None:
    """What a policy says now, or None where there is none."""
    try:
        return json.loads(aws.iot.get_policy(policyName=name)["policyDocument"])
    except ClientError as error:
        if aws_errors.missing(error):
            return None
        raise


def delete(aws: Aws, record: Record) -> bool:
    """Delete all that AWS has of a thing, then its record; -> False when AWS had nothing of it any more."""
    found = erase(aws, record)
    record.remove()
    return found


def erase(aws: Aws, record: Record) -> bool:
    """Delete all that AWS has of a thing; its record stays. -> False when AWS had nothing of it any more."""
    place.check_record(aws, record)
    there = _has_thing(aws, record)
    found = there
    for arn in dict.fromkeys(filter(None, (record.get("cert_arn"), *(record.get("certificates") or ())))):
        _gone(aws.iot.detach_thing_principal, thingName=record.name, principal=arn)
        for name in record.policies:
            _gone(aws.iot.detach_policy, policyName=name, target=arn)
        found |= _delete_certificate(aws, arn)
    if there:
        delete_shadows(aws, record.name)
        _retry(aws.iot.delete_thing, thingName=record.name)
    return found


def _has_thing(aws: Aws, record: Record) -> bool:
    """Whether AWS has this record's thing; one of the same name that somebody else made is not it."""
    try:
        found = aws.iot.describe_thing(thingName=record.name)
    except ClientError as error:
        if aws_errors.missing(error):
            return False
        raise
    if record.get("thing_id") or record.get("project"):
        return _is_that_of(record, found)
    # Of the original toolchain's things only the certificate is known; what was found is noted before that goes.
    if record.get("cert_arn") in aws.iot.list_thing_principals(thingName=record.name)["principals"]:
        record.set(thing_arn=found["thingArn"], thing_id=found["thingId"])
        return True
    raise ToolError(
        f"the thing {record.name} has not the certificate of {record.folder}: it may be another's; "
        f"if it is yours, `thing delete {record.name}` deletes it"
    )


def _is_that_of(record: Record, found: Json) -> bool:
    """Whether a thing as DescribeThing tells of it is this record's: its id does, or the attribute given to it."""
    owner = owner_of(found)
    return found["thingId"] == record.get("thing_id") or (owner is not None and owner == record.get("project"))


def owner_of(found: Json) -> str | None:
    """Who made a thing, as it was told to create(), by an answer of DescribeThing or a row of ListThings."""
    return found.get("attributes", {}).get(_OWNER)


def principals(aws: Aws, name: str) -> tuple[list[str], list[str]]:
    """The ARNs of a thing's certificates that no other thing has (after a rotation, others than it was made with), and
    of what else it is attached to."""
    own: list[str] = []
    others: list[str] = []
    for arn in aws.iot.list_thing_principals(thingName=name)["principals"]:
        alone = ":cert/" in arn and aws.iot.list_principal_things(principal=arn)["things"] == [name]
        (own if alone else others).append(arn)
    return own, others


def delete_foreign(aws: Aws, name: str) -> set[str]:
    """Delete a thing that no record describes, with the certificates that only it has; -> the policies they had."""
    policies = set()
    for arn in aws.iot.list_thing_principals(thingName=name)["principals"]:
        aws.iot.detach_thing_principal(thingName=name, principal=arn)
        if ":cert/" not in arn or aws.iot.list_principal_things(principal=arn)["things"]:
            continue
        for attached in aws.iot.list_attached_policies(target=arn)["policies"]:
            policies.add(attached["policyName"])
            aws.iot.detach_policy(policyName=attached["policyName"], target=arn)
        _delete_certificate(aws, arn)
    delete_shadows(aws, name)
    _retry(aws.iot.delete_thing, thingName=name)
    return policies


def _delete_certificate(aws: Aws, arn: str) -> bool:
    """-> False when there was none."""
    found = _gone(aws.iot.update_certificate, certificateId=_id(arn), newStatus="INACTIVE")
    return _retry(aws.iot.delete_certificate, certificateId=_id(arn), forceDelete=True) or found


def delete_shadows(aws: Aws, name: str) -> None:
    """Delete a thing's classic and named shadows: they outlive the thing."""
    for shadow in shadow_names(aws, name):
        _gone(aws.data.delete_thing_shadow, thingName=name, shadowName=shadow)
    _gone(aws.data.delete_thing_shadow, thingName=name)


def shadow_names(aws: Aws, name: str) -> list[str]:
    """The names of a thing's named shadows."""
    try:
        return list(aws_errors.pages(aws.data.list_named_shadows_for_thing, "results", thingName=name))
    except ClientError as error:
        if aws_errors.missing(error) or aws_errors.lacking(error):
            return []
        raise


def delete_policy(aws: Aws, name: str) -> bool:
    """Delete a policy and its old versions unless a certificate or group still uses it; -> True when it is gone."""
    try:
        if aws.iot.list_targets_for_policy(policyName=name)["targets"]:
            return False
        _delete_old_versions(aws, name)
    except ClientError as error:
        if aws_errors.missing(error):
            return True
        raise
    _retry(aws.iot.delete_policy, policyName=name)
    return True


def _delete_old_versions(aws: Aws, name: str) -> None:
    for version in aws.iot.list_policy_versions(policyName=name)["policyVersions"]:
        if not version["isDefaultVersion"]:
            aws.iot.delete_policy_version(policyName=name, policyVersionId=version["versionId"])


def _gone(call: Callable[..., object], **arguments: Any) -> bool:
    """Call; -> False when AWS says that what the call is about is not there."""
    try:
        call(**arguments)
        return True
    except ClientError as error:
        if not aws_errors.missing(error):
            raise
        return False


def _retry(call: Callable[..., object], **arguments: Any) -> bool:
    """_gone() until what was detached a moment ago counts as detached; some seconds in all."""
    for attempt in range(_DETACH_TRIES - 1):
        try:
            return _gone(call, **arguments)
        except ClientError as error:
            if aws_errors.code(error) not in _CONFLICTS:
                raise
            time.sleep(0.1 * 2**attempt)
    return _gone(call, **arguments)


def _id(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _server_time(answer: Json) -> float:
    """AWS's own clock in an answer, so that this machine's may be wrong."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return email.utils.parsedate_to_datetime(date).timestamp() if date else time.time()
