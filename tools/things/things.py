"""A thing in AWS: made step by step with the journal ahead of each step, found again after a kill, and deleted."""

from __future__ import annotations

import datetime
import email.utils
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .. import pki
from ..cloud import aws as aws_errors
from ..errors import ToolError
from ..shapes import Json
from . import policy, workers

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .record import Record

_OWNER = "project"  # the attribute that tells our thing from another's of the same name
_WINDOW_S = 120  # a certificate request and its retries are over by then
_DETACH_TRIES = 8  # DetachThingPrincipal acts a little later than it answers
_CONFLICTS = ("DeleteConflictException", "InvalidRequestException", "CertificateStateException")


def create(aws: Aws, record: Record, owner: str, policy_name: str, key: str = "ec") -> None:
    """Create one thing, or go on where an earlier run stopped; each step is safe to do again."""
    if record.get("done"):
        return
    if not record.values:
        record.set(project=owner, policy=policy_name, key=key)
    answer = _create_thing(aws, record, owner)
    if not record.get("cert_arn"):
        record.set(thing_arn=answer["thingArn"], thing_id=answer["thingId"], requested=_server_time(answer))
        _create_certificate(aws, record)
    arn = record.get("cert_arn")
    if not record.certificate_path.exists():
        found = aws.iot.describe_certificate(certificateId=_id(arn))["certificateDescription"]
        record.save_certificate(arn, found["certificatePem"])
    workers.together(  # neither makes a resource, so neither has to be on disk before the other
        lambda: aws.iot.attach_policy(policyName=record.get("policy"), target=arn),
        lambda: aws.iot.attach_thing_principal(thingName=record.name, principal=arn),
    )
    if record.get("key") == "rsa":
        aws.iot.update_certificate(certificateId=_id(arn), newStatus="ACTIVE")
    record.finish()


def _create_thing(aws: Aws, record: Record, owner: str) -> Json:
    """CreateThing answers again for a thing with the same attributes and refuses any other of that name."""
    try:
        return aws.iot.create_thing(thingName=record.name, attributePayload={"attributes": {_OWNER: owner}})
    except ClientError as error:
        if aws_errors.code(error) != "ResourceAlreadyExistsException":
            raise
        found = aws.iot.describe_thing(thingName=record.name)
        if record.get("thing_arn") or found["attributes"].get(_OWNER) == owner:
            return found  # ours, with attributes that were added since
        record.remove()
        raise ToolError(
            f"the account has a thing {record.name} already that was not made here; take another name"
        ) from error


def _create_certificate(aws: Aws, record: Record) -> None:
    """With a key of this machine when asked for ("ec"), else with one that AWS makes and gives out this once ("rsa").

    AWS's key is born with its certificate, so that one is made inactive: should we die before the answer is on disk,
    recover() finds it as an inactive certificate that nothing is attached to.
    """
    if record.get("key") == "rsa":
        made = aws.iot.create_keys_and_certificate(setAsActive=False)
        try:
            record.save_key(made["keyPair"]["PrivateKey"])
        except OSError:  # a full disk: the key cannot be kept, so the certificate is worth nothing
            aws.iot.delete_certificate(certificateId=made["certificateId"])
            raise
    else:
        if not record.key_path.exists():
            record.save_key(pki.new_key())
        request = pki.request(record.key_path.read_bytes(), record.name)
        made = aws.iot.create_certificate_from_csr(certificateSigningRequest=request, setAsActive=True)
    record.save_certificate(made["certificateArn"], made["certificatePem"])


def recover(aws: Aws, records: Iterable[Record]) -> int:
    """Find the certificates that earlier runs asked for and died before they could write down; -> how many.

    Those whose key is here are known by their public key. One whose key AWS made and nobody received is known by what
    it is: made in the seconds of the request, inactive, attached to nothing; it is deleted.
    """
    lost = [record for record in records if record.get("requested") and not record.get("cert_arn")]
    if not lost:
        return 0
    by_key = {pki.public_pem(record.key_path.read_bytes()): record for record in lost if record.key_path.exists()}
    keyless = [record.get("requested") for record in lost if not record.key_path.exists()]
    found = 0
    for certificate in _certificates_since(aws, min(record.get("requested") for record in lost)):
        description = aws.iot.describe_certificate(certificateId=certificate["certificateId"])["certificateDescription"]
        record = by_key.pop(pki.public_of_certificate(description["certificatePem"]), None)
        if record:
            record.save_certificate(description["certificateArn"], description["certificatePem"])
            found += 1
        elif _is_abandoned(aws, certificate, keyless):
            aws.iot.delete_certificate(certificateId=certificate["certificateId"])
            found += 1
    return found


def _certificates_since(aws: Aws, seconds: float) -> list[Json]:
    since = datetime.datetime.fromtimestamp(seconds - 2, datetime.timezone.utc)
    listed = aws_errors.pages(aws.iot.list_certificates, "certificates", pageSize=250, ascendingOrder=False)
    return [certificate for certificate in listed if certificate["creationDate"] >= since]


def _is_abandoned(aws: Aws, certificate: Json, requests: list[float]) -> bool:
    made = certificate["creationDate"].timestamp()
    if certificate["status"] != "INACTIVE" or not any(-2 <= made - at <= _WINDOW_S for at in requests):
        return False
    arn = certificate["certificateArn"]
    if aws.iot.list_principal_things(principal=arn)["things"]:
        return False
    return not aws.iot.list_attached_policies(target=arn)["policies"]


def ensure_policy(aws: Aws, name: str, announce: Callable[[], object]) -> None:
    """Make the least-privilege policy unless one of this name exists; announce() is called before it is made."""
    try:
        aws.iot.get_policy(policyName=name)
        return
    except ClientError as error:
        if not aws_errors.missing(error):
            raise
    announce()
    aws.iot.create_policy(policyName=name, policyDocument=policy.least_privilege(arn_prefix(aws)))


def arn_prefix(aws: Aws) -> str:
    """What the ARNs of the account's AWS IoT resources begin with, such as arn:aws:iot:eu-west-1:123456789012."""
    caller = aws.client("sts").get_caller_identity()
    return f"arn:{caller['Arn'].split(':')[1]}:iot:{aws.region}:{caller['Account']}"


def delete(aws: Aws, record: Record) -> None:
    """Delete all that AWS has of a thing, then its record; what is gone already is no error."""
    arn = record.get("cert_arn")
    if arn:
        _gone(aws.iot.detach_thing_principal, thingName=record.name, principal=arn)
        if record.get("policy"):
            _gone(aws.iot.detach_policy, policyName=record.get("policy"), target=arn)
        _delete_certificate(aws, arn)
    if _is_ours(aws, record):
        delete_shadows(aws, record.name)
        _retry(aws.iot.delete_thing, thingName=record.name)
    record.remove()


def _is_ours(aws: Aws, record: Record) -> bool:
    """True unless the thing of this name is somebody else's: the run may have died before AWS said so."""
    if record.get("thing_arn") or not record.get("project"):
        return True
    try:
        return aws.iot.describe_thing(thingName=record.name)["attributes"].get(_OWNER) == record.get("project")
    except ClientError as error:
        if aws_errors.missing(error):
            return False
        raise


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


def _delete_certificate(aws: Aws, arn: str) -> None:
    _gone(aws.iot.update_certificate, certificateId=_id(arn), newStatus="INACTIVE")
    _retry(aws.iot.delete_certificate, certificateId=_id(arn), forceDelete=True)


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
        if aws_errors.missing(error) or "Unsupported" in str(error):  # MiniStack does not have this listing
            return []
        raise


def delete_policy(aws: Aws, name: str) -> bool:
    """Delete a policy and its old versions unless a certificate or group still uses it; -> True when it is gone."""
    try:
        if aws.iot.list_targets_for_policy(policyName=name)["targets"]:
            return False
        for version in aws.iot.list_policy_versions(policyName=name)["policyVersions"]:
            if not version["isDefaultVersion"]:
                aws.iot.delete_policy_version(policyName=name, policyVersionId=version["versionId"])
    except ClientError as error:
        if aws_errors.missing(error):
            return True
        raise
    _retry(aws.iot.delete_policy, policyName=name)
    return True


def _gone(call: Callable[..., object], **arguments: Any) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        if not aws_errors.missing(error):
            raise


def _retry(call: Callable[..., object], **arguments: Any) -> Any:
    """Call until what was detached a moment ago counts as detached; some seconds in all."""
    for attempt in range(_DETACH_TRIES):
        try:
            return _gone(call, **arguments)
        except ClientError as error:
            if aws_errors.code(error) not in _CONFLICTS or attempt == _DETACH_TRIES - 1:
                raise
            time.sleep(0.1 * 2**attempt)


def _id(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _server_time(answer: Json) -> float:
    """AWS's own clock in an answer, so that this machine's may be wrong."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return email.utils.parsedate_to_datetime(date).timestamp() if date else time.time()
