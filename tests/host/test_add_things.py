"""thing add: numbering, layout, keys, the policy, and that it works at AWS's pace."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from aws_iot_tools import pki
from aws_iot_tools.cloud import aws


def _names(project) -> list:
    resources = project / ".aws_things_resources"
    return sorted(path.name for path in resources.iterdir() if path.is_dir())


def test_first_thing_becomes_active(thing, project, account):
    thing.run("add-things", "demo")
    folder = project / ".aws_things_resources/demo_0"
    assert {path.name for path in folder.iterdir()} == {
        "thing.conf.json", "certificate.pem.crt", "private.pem.key", "journal.json",
    }  # fmt: skip
    config = json.loads((folder / "thing.conf.json").read_text())
    assert set(config) == {"mqttid", "thingname", "cert_arn"}
    assert config["mqttid"] == config["thingname"] == "demo_0"
    assert (folder / "private.pem.key").stat().st_mode & 0o777 == 0o600
    top = json.loads((project / "thing.conf.json").read_text())
    assert {key: top[key] for key in config} == config
    pki.check_pair((project / "certificate.pem.crt").read_bytes(), (project / "private.pem.key").read_bytes())
    assert b"EC PRIVATE KEY" in (project / "private.pem.key").read_bytes()
    iot = account.client("iot")
    assert iot.list_thing_principals(thingName="demo_0")["principals"] == [config["cert_arn"]]
    assert [row["policyName"] for row in iot.list_attached_policies(target=config["cert_arn"])["policies"]] == [
        "demo-policy"
    ]
    assert account.certificates()[0]["status"] == "ACTIVE"


def test_numbers_go_on_under_each_base_name(thing, project, account):
    assert thing.json("add", "demo", "--things-base-name", "first")["active"] == "first_0"
    assert thing.json("add", "demo", "--things-number", "2")["last"] == "first_2"
    # Both spellings; the original ignored a new base name once one had been saved.
    assert thing.json("add", "demo", "-n", "2", "--thing-base-name", "prod")["last"] == "prod_1"
    assert thing.json("add", "demo")["first"] == "prod_2"
    assert thing.json("add", "demo", "--things-base-name", "first")["first"] == "first_3"
    assert (
        _names(project) == account.thing_names() == [f"first_{i}" for i in range(4)] + [f"prod_{i}" for i in range(3)]
    )
    assert json.loads((project / "thing.conf.json").read_text())["thingname"] == "first_0"
    assert len({row["certificateArn"] for row in account.certificates()}) == 7


def test_policy_is_the_least_and_announced(thing, project, account):
    assert "making the policy demo-policy" in thing.run("add", "demo").stdout
    assert "policy" not in thing.run("add", "demo").stdout
    text = account.client("iot").get_policy(policyName="demo-policy")["policyDocument"]
    assert len(text) <= 2048 and '"*"' not in text
    statements = {str(row["Action"]): row for row in json.loads(text)["Statement"]}
    assert set(statements) == {"iot:Connect", "iot:Publish", "iot:Subscribe", "iot:Receive"}
    assert statements["iot:Connect"]["Condition"] == {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
    assert all(f":{account.number}:" in arn for row in statements.values() for arn in row["Resource"])
    assert not any(arn.endswith("/shadow/*") for arn in statements["iot:Publish"]["Resource"])


def test_policy_that_exists_is_used_and_left(thing, project, account):
    document = '{"Version":"2012-10-17","Statement":[]}'
    account.client("iot").create_policy(policyName="demo-policy", policyDocument=document)
    assert "making the policy" not in thing.run("add", "demo").stdout
    thing.run("cleanup", "demo", "--yes")
    assert account.policies() == ["demo-policy"]
    assert account.client("iot").get_policy(policyName="demo-policy")["policyDocument"] == document


def test_rsa_keys(thing, project, account):
    thing.run("add", "demo", "--rsa")
    key = (project / "private.pem.key").read_bytes()
    assert b"RSA PRIVATE KEY" in key
    pki.check_pair((project / "certificate.pem.crt").read_bytes(), key)
    assert [row["status"] for row in account.certificates()] == ["ACTIVE"]
    thing.run("cleanup", "demo", "--yes")
    account.assert_empty()


def test_another_things_name_is_not_taken_over(thing, project, account):
    account.client("iot").create_thing(thingName="demo_0")
    said = thing.run("add", "demo", code=1).stderr
    assert "0 things created, 1 left: " in said and "was not made here: take another base name" in said
    assert "the same command goes on" not in said
    thing.run("cleanup", "demo", "--yes")
    assert account.thing_names() == ["demo_0"] and account.certificates() == []


@pytest.mark.parametrize("operation", ["AttachPolicy", "AttachThingPrincipal"])  # made at the same time
def test_a_denied_call_stops_the_run_and_the_next_goes_on(thing, project, account, proxy, operation):
    """AWS answers 403 with UnauthorizedException when IAM forbids an operation."""
    thing.run("add", "demo")
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    proxy.refuse[operation] = (1, 403, "UnauthorizedException")
    done = thing.run("add", "demo", "-n", "20", code=1)
    assert re.search(rf"(\d+) things created, \d+ left: not allowed: .*needs iot:{operation}\)", done.stderr)
    assert len(account.thing_names()) < 21
    assert "resuming" in thing.run("add", "demo", "-n", "20").stdout
    assert account.thing_names() == sorted(f"demo_{i}" for i in range(21))
    assert len(account.certificates()) == 21


def test_throttling_is_waited_out(thing, project, account, proxy):
    """ThrottlingException is HTTP 400 in AWS IoT; botocore's adaptive mode slows down and repeats."""
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    proxy.refuse["CreateThing"] = (3, 400, "ThrottlingException")
    thing.run("add", "demo", "-n", "4")
    assert proxy.count("CreateThing") == 7
    assert len(account.thing_names()) == 4


def test_stays_under_each_documented_rate(thing, project, proxy):
    """Certificates are the narrowest at 10/s. A call may come late: the machine may be busy."""
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    begun = time.monotonic()
    thing.run("add", "demo", "-n", "25", "--rate", "1")
    for operation, rate in aws.RATES.items():
        times = [at - begun for at, name in proxy.calls if name == operation]
        assert all(at >= number / rate for number, at in enumerate(sorted(times))), operation
    assert proxy.count("CreateCertificateFromCsr") == 25


@pytest.mark.parametrize("endpoint, paced", [("http://127.0.0.1:4566", False), (None, True)])
def test_only_aws_has_rates(monkeypatch, endpoint, paced):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert bool(aws.Aws(region="eu-west-1", endpoint_url=endpoint)._pacers) is paced


def test_pacer_lets_nobody_pass_early():
    """Eight threads, 200 a second: the nth call passes at n / 200 s at the soonest."""
    pacer, start = aws.Pacer(200), time.monotonic()
    times = []

    def call(_):
        pacer.wait()
        times.append(time.monotonic() - start)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(40)))
    assert all(at >= number / 200 for number, at in enumerate(sorted(times)))


@pytest.mark.parametrize("words", [("-n", "0"), ("-n", "-3"), ("-n", "many"), ("--rate", "-1"), ("--bulk",)])
def test_wrong_usage_is_told_before_any_call(thing, project, account, words):
    thing.run("add", "demo", *words, code=2)
    account.assert_empty()
