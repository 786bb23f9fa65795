"""Nothing is made, changed or deleted in another account, region or local AWS than a project was made in."""

import json

import pytest


def _tree(folder) -> dict:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


_OTHERS = {
    "account": (
        {"AWS_ACCESS_KEY_ID": "111122223333"},
        {"number": "111122223333"},
        "account 111122223333, region us-east-1",
    ),
    "region": ({"AWS_DEFAULT_REGION": "eu-west-1"}, {"region": "eu-west-1"}, "region eu-west-1"),
}


@pytest.mark.parametrize("other", _OTHERS)
def test_a_project_of_another_account_or_region(thing, project, account, other):
    """Its namesakes there stay as well, with their shadows."""
    thing.run("add", "demo", "-n", "2")
    before, there = _tree(project), account.thing_names()
    environment, where, words = _OTHERS[other]
    thing.environment.update(environment)
    account.client("iot-data", **where).update_thing_shadow(
        thingName="demo_0", payload='{"state":{"desired":{"theirs":1}}}'
    )
    for command in (["cleanup", "demo", "--yes"], ["add", "demo"]):
        said = thing.run(*command, code=1).stderr
        assert f"made in account {account.number}, region us-east-1" in said and words in said, said
    assert thing.json("shadow", "get", "demo_0")["state"]["desired"] == {"theirs": 1}
    assert _tree(project) == before and account.thing_names() == there
    thing.environment.update(account.environment)
    assert "2 things deleted" in thing.run("cleanup", "demo", "--yes").stdout
    account.assert_empty()


def test_a_policy_alone_is_of_an_account_too(thing, project, account):
    """The things went by `thing delete`, the project's policy is left."""
    thing.run("add", "demo")
    thing.run("delete", "demo_0", "--yes")
    thing.environment["AWS_ACCESS_KEY_ID"] = "111122223333"
    assert "made in account" in thing.run("cleanup", "demo", "--yes", code=1).stderr
    assert account.policies() == ["demo-policy"]


def test_another_local_aws_of_the_same_account_number(thing, project, account):
    """All have the number 000000000000; the CA tells them apart."""
    thing.run("add", "demo")
    journal = project / ".aws_things_resources/journal.json"
    state = json.loads(journal.read_text())
    journal.write_text(json.dumps({**state, "place": {**state["place"], "local": "0" * 64}}))
    before = _tree(project)
    assert "another local AWS" in thing.run("cleanup", "demo", "--yes", code=1).stderr
    assert _tree(project) == before and account.thing_names() == ["demo_0"]


def test_a_namesake_that_was_made_later_stays(thing, project, account):
    """What the console deleted and somebody made again is not ours, though its ARN is the same."""
    thing.run("add", "demo", "-n", "2")
    iot = account.client("iot")
    (arn,) = iot.list_thing_principals(thingName="demo_0")["principals"]
    iot.detach_thing_principal(thingName="demo_0", principal=arn)
    iot.delete_thing(thingName="demo_0")
    iot.create_thing(thingName="demo_0")
    account.client("iot-data").update_thing_shadow(thingName="demo_0", payload='{"state":{"desired":{"theirs":1}}}')
    thing.run("cleanup", "demo", "--yes")
    assert account.thing_names() == ["demo_0"] and account.certificates() == []
    assert thing.json("shadow", "get", "demo_0")["state"]["desired"] == {"theirs": 1}


def test_what_was_not_found_is_not_called_deleted(thing, project, account):
    thing.run("add", "demo", "-n", "2")
    thing.run("delete", "demo_1", "--yes")
    assert (
        "1 thing deleted, with certificates and shadows, 1 had been deleted from AWS before"
        in thing.run("cleanup", "demo", "--yes").stdout
    )
    account.assert_empty()


def test_an_endpoint_of_another_account(thing, project, account):
    config = project / "thing.conf.json"
    written = json.loads(config.read_text())
    config.write_text(json.dumps({**written, "endpoint": "abc-ats.iot.us-east-1.amazonaws.com", "cacert": None}))
    assert "these credentials point to the local AWS" in thing.run("add", "demo", code=1).stderr
    account.assert_empty()


def test_an_update_of_a_thing_of_another_account(thing, cloud, application):
    """The folder with the application is a project that has a thing of this name: made somewhere else."""
    record = application / ".aws_things_resources/lamp"
    record.mkdir(parents=True)
    arn = "arn:aws:iot:eu-west-1:111122223333:thing/lamp"
    (record / "journal.json").write_text(json.dumps({"thing_arn": arn}))
    said = thing.run("fota", "lamp", application, f"firmware-{cloud.number}", "fota", code=1).stderr
    assert "lamp of this project was made in account 111122223333, region eu-west-1" in said
    assert cloud.client("iot").list_jobs()["jobs"] == []


def test_use_of_a_thing_of_another_region(thing, project, account):
    thing.run("add", "demo", "-n", "2")
    config = project / "thing.conf.json"
    before = {**json.loads(config.read_text()), "endpoint": "abc-ats.iot.eu-west-1.amazonaws.com"}
    config.write_text(json.dumps(before))
    assert "demo_1 was made in us-east-1" in thing.run("use", "demo", "--thing-id", 1, code=1).stderr
    assert json.loads(config.read_text()) == before
