"""thing cleanup: nothing is left, and no record goes before its remote."""

import json


def _tree(folder) -> dict:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_account_and_folder_are_as_they_were(thing, account):
    """The endpoint, too, is taken out again when `add` filled it in."""
    endpoint = thing.environment.pop("AWS_ENDPOINT_URL")
    key = thing.environment.pop("AWS_ACCESS_KEY_ID")
    thing.environment["AWS_EC2_METADATA_DISABLED"] = "true"
    thing.run("new", "demo")
    thing.environment.update(AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID=key)
    before = _tree(thing.folder)
    thing.run("add", "demo", "-n", "3")
    assert json.loads((thing.folder / "demo/thing.conf.json").read_text())["endpoint"] == "localhost"
    data = account.client("iot-data")
    data.update_thing_shadow(thingName="demo_1", payload='{"state":{"desired":{"led":1}}}')
    assert "3 things deleted" in thing.run("iot-cleanup", "demo", "--yes").stdout
    account.assert_empty()
    assert _tree(thing.folder) == before
    thing.run("add", "demo")
    assert account.thing_names() == ["demo_0"]
    try:
        data.get_thing_shadow(thingName="demo_1")
    except data.exceptions.ResourceNotFoundException:
        return
    raise AssertionError("the shadow outlived its thing")


def test_dry_run_and_no_change_nothing(thing, project, account):
    thing.run("add", "demo", "-n", "2")
    before = _tree(project)
    said = thing.run("cleanup", "demo", "--dry-run").stdout
    assert "2 things" in said and "demo_1" in said and "demo-policy" in said
    plan = {
        "things": ["demo_0", "demo_1"], "policy": "demo-policy", "additions": None, "role_alias": None, "rules": [],
        "jobs": [],
    }  # fmt: skip
    assert thing.json("cleanup", "demo", "--dry-run") == plan
    assert "nothing was deleted" in thing.run("cleanup", "demo", typed="n\n", code=1).stderr
    assert "nothing was deleted" not in thing.run("cleanup", "demo", typed="", code=1).stdout  # no terminal: no yes
    assert _tree(project) == before and len(account.thing_names()) == 2
    thing.run("cleanup", "demo", typed="y\n")
    account.assert_empty()
    assert "nothing to delete" in thing.run("cleanup", "demo", "--yes").stdout


def test_a_dry_run_promises_nothing_that_would_be_refused(thing, project):
    thing.run("add", "demo")
    thing.environment["AWS_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE"
    done = thing.run("cleanup", "demo", "--dry-run", code=1)
    assert "AWS does not accept the credentials" in done.stderr and not done.stdout


def test_jobs_and_what_was_uploaded_for_them_go_as_well(thing, project, cloud):
    """Also of one that a board is at; an object of another name, the bucket and the role stay."""
    s3, iot, bucket = cloud.client("s3"), cloud.client("iot"), f"firmware-{cloud.number}"
    s3.put_object(Bucket=bucket, Key="mine", Body=b"x")
    thing.run("add", "demo")
    (project / "app.py").write_text('VERSION = "1.0.0"\n')
    update = thing.json("fota", "demo_0", "demo", bucket, "fota")["job"]
    above, thing.folder = thing.folder, project
    job = thing.json("job", "start", "demo_0", '{"operation": "reboot"}')["job"]
    thing.folder = above
    cloud.client("iot-jobs-data").start_next_pending_job_execution(thingName="demo_0")
    said = thing.run("cleanup", "demo", "--dry-run").stdout
    assert update in said and job in said and len(iot.list_jobs()["jobs"]) == 2
    thing.run("cleanup", "demo", "--yes")
    assert iot.list_jobs()["jobs"] == []
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["mine"]
    assert cloud.client("iam").get_role(RoleName="fota") and not (project / ".aws_things_resources").exists()


def test_a_job_that_may_not_be_deleted_is_kept_for_another_run(thing, project, account, proxy):
    thing.run("add", "demo")
    above, thing.folder = thing.folder, project
    job = thing.json("job", "start", "demo_0", '{"operation": "reboot"}')["job"]
    thing.folder, thing.environment["AWS_ENDPOINT_URL"] = above, proxy.url
    proxy.refuse["DeleteJob"] = (1, 403, "UnauthorizedException")
    done = thing.run("cleanup", "demo", "--yes", code=1)
    assert f"1 not deleted and kept here, {job} for one" in done.stderr and "iot:DeleteJob" in done.stderr
    thing.run("cleanup", "demo", "--yes")
    assert account.client("iot").list_jobs()["jobs"] == []


def test_record_stays_while_its_remote_does(thing, project, account, proxy):
    thing.run("add", "demo", "-n", "3")
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    proxy.refuse["DeleteCertificate"] = (1, 403, "UnauthorizedException")
    done = thing.run("cleanup", "demo", "--yes", code=1)
    assert "1 not deleted and kept here" in done.stderr and "iot:DeleteCertificate" in done.stderr
    kept = [path.name for path in (project / ".aws_things_resources").iterdir() if path.is_dir()]
    assert kept == account.thing_names() and len(kept) == len(account.certificates()) == 1
    assert account.policies() == ["demo-policy"]
    thing.run("cleanup", "demo", "--yes")
    account.assert_empty()


def test_a_certificate_that_somebody_else_made_meanwhile_stays(thing, project, account, proxy):
    """After a request whose answer was lost, what looks like its certificate is known by its key, or left."""
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    proxy.refuse["CreateCertificateFromCsr"] = (1, 403, "UnauthorizedException")
    thing.run("add", "demo", code=1)
    foreign = account.client("iot").create_keys_and_certificate(setAsActive=False)["certificateId"]
    thing.run("cleanup", "demo", "--yes")
    assert [each["certificateId"] for each in account.certificates()] == [foreign]
    assert account.thing_names() == []


def test_policy_that_others_use_stays(thing, project, account):
    thing.run("add", "demo")
    iot = account.client("iot")
    other = iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]
    iot.attach_policy(policyName="demo-policy", target=other)
    assert "still in use and stays" in thing.run("cleanup", "demo", "--yes").stdout
    assert account.policies() == ["demo-policy"] and account.thing_names() == []


def test_policy_with_versions_is_deleted(thing, project, account):
    thing.run("add", "demo")
    document = '{"Version":"2012-10-17","Statement":[]}'
    account.client("iot").create_policy_version(policyName="demo-policy", policyDocument=document, setAsDefault=True)
    thing.run("cleanup", "demo", "--yes")
    account.assert_empty()


def test_what_is_gone_already_is_no_error(thing, project, account):
    thing.run("add", "demo")
    iot = account.client("iot")
    arn = iot.list_thing_principals(thingName="demo_0")["principals"][0]
    iot.detach_thing_principal(thingName="demo_0", principal=arn)
    iot.delete_thing(thingName="demo_0")
    thing.run("cleanup", "demo", "--yes")
    account.assert_empty()


def test_detaching_takes_effect_a_little_later(thing, project, account, proxy):
    """DetachThingPrincipal is asynchronous: DeleteThing answers InvalidRequestException for a moment
    (https://docs.aws.amazon.com/iot/latest/apireference/API_DetachThingPrincipal.html)."""
    thing.run("add", "demo")
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    proxy.refuse["DeleteThing"] = (3, 400, "InvalidRequestException")
    thing.run("cleanup", "demo", "--yes")
    account.assert_empty()


def test_named_shadows_go_too(thing, project, account, proxy):
    """MiniStack lacks ListNamedShadowsForThing: the proxy plays its answer
    (https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_ListNamedShadowsForThing.html)."""
    thing.run("add", "demo")
    data = account.client("iot-data")
    data.update_thing_shadow(thingName="demo_0", shadowName="lamp", payload='{"state":{"desired":{"led":1}}}')
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    proxy.answers["ListNamedShadowsForThing"] = lambda body: {"results": ["lamp"], "timestamp": 1}
    thing.run("cleanup", "demo", "--yes")
    try:
        data.get_thing_shadow(thingName="demo_0", shadowName="lamp")
    except data.exceptions.ResourceNotFoundException:
        return
    raise AssertionError("the named shadow outlived its thing")


def test_things_of_the_original_toolchain_are_found(thing, project, account):
    """Its folders have no journal.json: thing.conf.json says what there is."""
    thing.run("add", "demo")
    (project / ".aws_things_resources/demo_0/journal.json").unlink()
    thing.run("cleanup", "demo", "--yes")
    assert account.thing_names() == [] and account.certificates() == []
