"""thing audit: each fault is found, what is right is not, and nothing is changed."""

import datetime
import json

import pytest
from aws_iot_tools import pki
from aws_iot_tools.fleet import audit
from aws_iot_tools.things import policy
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
_WIDE = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}'


def _kinds(found) -> set:
    return {(each["kind"], each["what"]) for each in found}


def _ends(days) -> str:
    """A certificate of somebody's own authority, as PEM text, that ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lamp")])
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days, hours=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(end - datetime.timedelta(400)).not_valid_after(end)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_nothing_is_wrong_with_what_is_made_here(thing, project, account):
    assert thing.run("audit").stdout == "nothing is wrong\n"
    thing.run("add", "demo", "-n", "2")
    thing.run("policy", "add", "demo", "--retain", "--https", "--publish", "alerts/{thing}")
    thing.run("create", "lamp")
    assert thing.run("audit", "demo").stdout == "nothing is wrong\n"


def test_each_fault_is_found(thing, project, account):
    iot = account.client("iot")
    thing.run("add", "demo", "-n", "3")
    orphan, off = (iot.create_keys_and_certificate(setAsActive=True) for _ in range(2))
    soon, ended = (
        iot.register_certificate_without_ca(certificatePem=_ends(days), status="ACTIVE") for days in (10, -10)
    )
    iot.update_certificate(certificateId=off["certificateId"], newStatus="INACTIVE")
    iot.create_thing(thingName="bare")
    iot.create_policy(policyName="wide", policyDocument=_WIDE)
    for each in (off, soon, ended):
        iot.attach_policy(policyName="wide", target=each["certificateArn"])
        iot.attach_thing_principal(thingName="bare", principal=each["certificateArn"])
    iot.detach_thing_principal(thingName="bare", principal=off["certificateArn"])
    before = (account.thing_names(), len(account.certificates()), sorted(account.policies()))
    found = {(kind, what.partition(" of ")[0]) for kind, what in _kinds(thing.json("audit"))}
    short = {name: f"{each['certificateId'][:16]}..." for name, each in
             {"orphan": orphan, "off": off, "soon": soon, "ended": ended}.items()}  # fmt: skip
    assert found == {
        ("orphaned certificate", short["orphan"]), ("certificate without a policy", short["orphan"]),
        ("orphaned certificate", short["off"]), ("certificate not active", short["off"]),
        ("certificate ends soon", short["soon"]), ("certificate has ended", short["ended"]),
        ("policy too wide", "wide"),
    }  # fmt: skip
    iot.detach_thing_principal(thingName="bare", principal=soon["certificateArn"])
    iot.detach_thing_principal(thingName="bare", principal=ended["certificateArn"])
    assert ("thing without a certificate", "bare") in _kinds(thing.json("audit"))
    assert "certificate ends soon" not in thing.run("audit", "--days", "5").stdout
    assert before == (account.thing_names(), len(account.certificates()), sorted(account.policies()))


def test_who_bears_the_name_of_another_where_a_policy_goes_by_it(thing, project, account):
    """As one whose request was made by a board that would be demo_0."""
    iot = account.client("iot")
    thing.run("add", "demo", "-n", "2")
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(*_PEM, serialization.NoEncryption())
    request = pki.request(key, "demo_0")
    made = iot.create_certificate_from_csr(certificateSigningRequest=request, setAsActive=True)
    iot.attach_policy(policyName="demo-policy", target=made["certificateArn"])
    iot.attach_thing_principal(thingName="demo_1", principal=made["certificateArn"])
    assert thing.run("audit", "demo").stdout == "nothing is wrong\n"
    thing.run("policy", "add", "demo", "--https")
    assert thing.run("audit", "demo").stdout == "nothing is wrong\n"
    iot.attach_policy(policyName="demo-policy-additions", target=made["certificateArn"])
    (found,) = thing.json("audit", "demo")
    assert found["kind"] == "certificate with another's name"
    assert found["why"] == "it says 'demo_0', and by demo-policy-additions it may do what that thing may"


def test_what_a_project_and_aws_do_not_both_have(thing, project, account):
    iot = account.client("iot")
    thing.run("add", "demo", "-n", "4")
    arns = {name: json.loads((project / ".aws_things_resources" / name / "journal.json").read_text())["cert_arn"]
            for name in ("demo_0", "demo_1", "demo_2")}  # fmt: skip
    for name in ("demo_0", "demo_1"):
        iot.detach_thing_principal(thingName=name, principal=arns[name])
    iot.delete_thing(thingName="demo_0")
    iot.update_certificate(certificateId=arns["demo_2"].rsplit("/")[1], newStatus="INACTIVE")
    iot.detach_thing_principal(thingName="demo_2", principal=arns["demo_2"])
    iot.detach_policy(policyName="demo-policy", target=arns["demo_2"])
    iot.delete_certificate(certificateId=arns["demo_2"].rsplit("/")[1])
    owner = json.loads((project / ".aws_things_resources" / "journal.json").read_text())["project"]
    iot.create_thing(thingName="demo_9", attributePayload={"attributes": {"project": owner}})
    found = _kinds(thing.json("audit", "demo"))
    assert found - _kinds(thing.json("audit")) == {
        ("thing that AWS does not have", "demo_0"), ("certificate that is not the thing's", "demo_1"),
        ("certificate that AWS does not have", "demo_2"), ("thing whose key is not here", "demo_9"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("action", "resource", "is_wide"),
    [
        ("iot:Connect", "client/*", True), ("iot:Connect", "client/${iot:ClientId}", False),
        ("iot:Publish", "topic/$aws/things/*", True), ("iot:Publish", "topic/dt/*", True),
        ("iot:Publish", "topic/alerts", False), ("iot:Subscribe", "topicfilter/*", True),
        ("iot:Receive", "topic/*", True), ("iot:UpdateThingShadow", "thing/*", True),
        ("iot:Publish", "topic/a?", False),
    ],
)  # fmt: skip
def test_which_policies_are_too_wide(action, resource, is_wide):
    text = policy.document([{"Action": action, "Resource": f"arn:aws:iot:us-east-1:123456789012:{resource}"}])
    assert bool(audit.foreign(json.loads(text))) == is_wide


def test_another_account(thing, project, account):
    thing.run("add", "demo")
    thing.environment["AWS_ACCESS_KEY_ID"] = "111122223333"
    assert "made in account" in thing.run("audit", "demo", code=1).stderr
