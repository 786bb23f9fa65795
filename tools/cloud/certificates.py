"""What a certificate may do, as its policies in MiniStack say: MiniStack itself asks them for MQTT alone.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-actions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .. import pki
from ..shapes import Client, Json
from . import ministack

ACCOUNT = "000000000000"
_A_THING = re.compile(r"[a-zA-Z0-9:_-]+")  # no wildcard, and no end of a string
Clients = Callable[[str], Client]  # boto3's, by the name of a service
Need = tuple[str, str]  # an action and its resource


class Certificates:
    """The certificates of a region. `client("iot")` knows them, each by its id."""

    def __init__(self, client: Clients, region: str) -> None:
        self._client, self.region = client, region
        self.arn = f"arn:aws:iot:{region}:{ACCOUNT}"  # of what is IoT's, its beginning

    def known(self, certificate: str) -> Json | None:
        """DescribeCertificate's answer."""
        iot = self._client("iot")
        try:
            found: Json = iot.describe_certificate(certificateId=certificate)["certificateDescription"]
        except iot.exceptions.ResourceNotFoundException:
            return None
        return found

    def thing(self, certificate: str) -> str:
        """The thing that has the certificate; "": none, or several."""
        iot, found = self._client("iot"), self.known(certificate)
        things: list[str] = iot.list_principal_things(principal=found["certificateArn"])["things"] if found else []
        return things[0] if len(things) == 1 else ""

    def may(self, certificate: str, needs: list[Need]) -> bool:
        """Whether the certificate is active, and its policies allow that.

        Variables of the thing are not filled in: they need a client id, which HTTPS has not. Of the certificate's
        the one is that policies made here have, where the name is one that a thing may have.
        https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html
        https://docs.aws.amazon.com/iot/latest/developerguide/cert-policy-variables.html
        """
        iot, found = self._client("iot"), self.known(certificate)
        if not found or found["status"] != "ACTIVE":
            return False
        attached = iot.list_attached_policies(target=found["certificateArn"])["policies"]
        documents = [iot.get_policy(policyName=each["policyName"])["policyDocument"] for each in attached]
        name = pki.name_of_certificate(found["certificatePem"])
        if _A_THING.fullmatch(name):
            documents = [document.replace(pki.SUBJECT, name) for document in documents]
        judge = ministack.module("core.iam_evaluator")
        policies = [judge.parse_policy_document(document) for document in documents]
        principal = found["certificateArn"], "Certificate", ACCOUNT
        return all(
            judge.evaluate(judge.EvalContext(*principal, *need, self.region), policies).decision == "Allow"
            for need in needs
        )
