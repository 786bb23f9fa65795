"""thing doctor by the doors of port 443 and 8443: it stops at the stage that fails and says why."""

import json

import pytest
from aws_iot_tools.things import policy

from ..harness.board_tls import server_context
from ..harness.credential_provider import CredentialProvider
from ..harness.front import CertificateFront
from ..harness.relay import TlsFront
from ..system import keys

_FIRST = ["files", "key and certificate", "endpoint"]
_STAGES = {
    "wss": [*_FIRST, "keys", "DNS", "TCP", "TLS", "WebSocket", "CONNECT"],
    "https-sigv4": [*_FIRST, "keys", "DNS", "TCP", "TLS", "first call"],
    "https": [*_FIRST, "DNS", "TCP", "TLS", "first call"],
}


@pytest.fixture(scope="session")
def role(ministack):
    return keys.make_role(ministack)


@pytest.fixture
def provider(ministack, authority, role, tmp_path):
    with CredentialProvider(ministack, authority, tmp_path) as running:
        running.aliases[keys.ALIAS] = role
        yield running


@pytest.fixture
def front(ministack, authority, tmp_path):
    context = server_context()
    context.load_cert_chain(*authority.issue("iot", hosts=[keys.HOST]).write(tmp_path, "iot"))
    with TlsFront(ministack.gateway, context) as running:
        yield running


@pytest.fixture
def doctor(thing, front, provider, authority, ministack, request):
    """doctor(door, **conf) -> what `thing doctor` said, stage by stage; all are well unless `failing` names one."""
    thing.environment["AWS_ACCESS_KEY_ID"] = "test"  # the account of the provider
    name = f"doctor-{request.node.name.partition('[')[0][5:]}-{provider.port}"

    def run(door, failing=None, allowed=True, **conf):
        conf = {"door": door, "thingname": name, "endpoint": "127.0.0.1", "port": front.port, **conf}
        keys.project(
            thing.folder / "demo", name, ministack, authority, front.port, provider, allowed=allowed, conf=conf
        )
        done = thing.run("doctor", "demo", "--json", code=1 if failing else 0)
        found = json.loads(done.stdout)
        stages = _STAGES[door]
        assert [row["stage"] for row in found] == stages[: stages.index(failing) + 1 if failing else None]
        assert [row["ok"] for row in found] == [True] * (len(found) - bool(failing)) + [False] * bool(failing)
        return {row["stage"]: row["text"] for row in found}

    return run


@pytest.mark.parametrize("door", ["wss", "https-sigv4"])
def test_all_is_well_by_keys(doctor, door):
    said = doctor(door)
    assert said["keys"].startswith(f"of role alias {keys.ALIAS}, until 20")
    assert said.get("CONNECT", "").startswith("accepted") or said["first call"] == "there is no shadow yet"


def test_https_with_a_certificate(doctor, ministack, authority, tmp_path):
    with CertificateFront(ministack, authority.issue("8443", hosts=[keys.HOST]), tmp_path) as front:
        said = doctor("https", failing="first call", port=front.port)
        assert "does the policy allow iot:GetThingShadow on thing/doctor-" in said["first call"]
        assert "`thing policy add --https` allows this door, too" in said["first call"]


def test_keys_that_are_refused(doctor):
    said = doctor("wss", failing="keys", allowed=False)["keys"]
    assert said.startswith(f"no keys by role alias {keys.ALIAS} (HTTP 403: Access Denied): is there one of that name")


def test_a_proxy_in_place_of_the_provider(doctor, provider):
    provider.trouble = "html"
    assert "or a proxy answers in its place: b'<html>" in doctor("wss", failing="keys")["keys"]


def test_a_clock_that_is_wrong(doctor, provider):
    provider.late_s = 3000
    assert "the clock of this computer is 50 minutes ahead of AWS's" in doctor("wss", failing="keys")["keys"]


def test_no_provider(doctor, provider):
    assert "does not answer" in doctor("wss", failing="keys", credentials="localhost:9")["keys"]


def test_a_role_that_allows_nothing(doctor, provider, ministack):
    iam = ministack.client("iam")
    iam.create_role(RoleName=f"nothing-{provider.port}", AssumeRolePolicyDocument=policy.trust())
    provider.aliases[keys.ALIAS] = f"nothing-{provider.port}"
    assert "HTTP 403" in doctor("https-sigv4", failing="first call")["first call"]


def test_without_a_role_alias_it_tries_this_computers_keys(doctor):
    said = doctor("https-sigv4", role_alias=None, credentials=None)
    assert said["keys"].startswith("this computer's")
