"""AWS IoT's credential provider, which MiniStack lacks: AWS keys for who shows a thing's certificate.

It stands in for https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html: the certificate must
be active, its policies must allow iot:AssumeRoleWithCertificate, the thing that is named must be its own, the role must
trust the provider; the keys are those of MiniStack's STS. IAM there knows no ${credentials-iot:ThingName}: the role is
copied for each thing, with the name put in.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable

from ..shapes import Json
from .certificates import Certificates, Clients

_SERVICE = "credentials.iot.amazonaws.com"
_THING = "${credentials-iot:ThingName}"
_LEAST_S = 900  # of STS
_COPIES = "/credential-provider/"  # the path of the roles that are copies
_ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


class Provider:
    """`find(name)`: what DescribeRoleAlias has of a role alias, or None."""

    def __init__(self, client: Clients, certificates: Certificates, find: Callable[[str], Json | None]) -> None:
        self._client, self._certificates, self._find = client, certificates, find

    def keys(self, certificate: str, alias: str, thing: str) -> Json | None:
        """The provider's answer to who shows the certificate of this id, or None: it is denied."""
        from botocore.exceptions import ClientError, ParamValidationError

        found = self._find(alias)
        try:
            if not found or not self._may(certificate, alias, thing):
                return None
            role = found["roleArn"].rpartition("/")[2]
            if _SERVICE not in json.dumps(self._role(role)["AssumeRolePolicyDocument"]):
                return None
            made = self._client("sts").assume_role(
                RoleArn=self.copied(role, thing), RoleSessionName=thing,
                DurationSeconds=max(_LEAST_S, found["credentialDurationSeconds"]),
            )["Credentials"]  # fmt: skip
        except (ClientError, ParamValidationError):  # what is not there, or no name of anything
            return None
        return {
            "credentials": {
                "accessKeyId": made["AccessKeyId"], "secretAccessKey": made["SecretAccessKey"],
                "sessionToken": made["SessionToken"], "expiration": f"{made['Expiration']:%Y-%m-%dT%H:%M:%SZ}",
            }
        }  # fmt: skip

    def _may(self, certificate: str, alias: str, thing: str) -> bool:
        """Whether the certificate is the thing's, and allowed to take the role alias."""
        found = self._certificates.known(certificate)
        owned = self._client("iot").list_thing_principals(thingName=thing)["principals"]
        needs = [("iot:AssumeRoleWithCertificate", f"{self._certificates.arn}:rolealias/{alias}")]
        return found is not None and found["certificateArn"] in owned and self._certificates.may(certificate, needs)

    def _role(self, name: str) -> Json:
        found: Json = self._client("iam").get_role(RoleName=name)["Role"]
        return found

    def copied(self, role: str, thing: str) -> str:
        """The ARN of the role as it is for this thing."""
        iam = self._client("iam")
        copy = f"{role}-{thing}"
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=copy, Path=f"{_COPIES}{role}/", AssumeRolePolicyDocument=json.dumps(_ANYBODY))
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
            iam.put_role_policy(RoleName=copy, PolicyName=name, PolicyDocument=document.replace(_THING, thing))
        arn: str = self._role(copy)["Arn"]
        return arn

    def forget(self, role: str) -> None:
        """Delete the copies of a role."""
        iam = self._client("iam")
        for copy in iam.list_roles(PathPrefix=f"{_COPIES}{role}/")["Roles"]:
            for name in iam.list_role_policies(RoleName=copy["RoleName"])["PolicyNames"]:
                iam.delete_role_policy(RoleName=copy["RoleName"], PolicyName=name)
            iam.delete_role(RoleName=copy["RoleName"])
