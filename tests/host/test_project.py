"""thing new, thing use: what is on disk."""

import concurrent.futures
import json
import subprocess
import threading

from aws_iot_tools.things.project import Project


def test_new_project_is_the_template(thing):
    thing.run("thing-project-from-template", "demo", ".", "--aws-endpoint", "x-ats.iot.eu-west-1.amazonaws.com",
              "--aws-policy-name", "fleet")  # fmt: skip
    folder = thing.folder / "demo"
    names = {path.name for path in folder.iterdir()}
    assert names == {"main.py", "helpers.py", "readme.md", "thing.conf.json", "wifi.json", ".gitignore"}
    config = json.loads((folder / "thing.conf.json").read_text())
    assert config == {"endpoint": "x-ats.iot.eu-west-1.amazonaws.com", "policy_name": "fleet"}
    assert (folder / "readme.md").read_text().startswith("# demo\n")
    compile((folder / "main.py").read_text(), "main.py", "exec")


def test_new_asks_the_account_for_its_endpoint(thing, ministack):
    document = thing.json("new", "demo")
    config = json.loads((thing.folder / "demo/thing.conf.json").read_text())
    assert document["endpoint"] == config["endpoint"] == "localhost"
    assert config["port"] == ministack.port
    assert (thing.folder / "demo" / config["cacert"]).read_text() == ministack.ca


def test_new_works_without_credentials(thing):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        thing.environment.pop(name)
    thing.environment["AWS_EC2_METADATA_DISABLED"] = "true"
    assert "filled in by the first `thing add`" in thing.run("new", "demo").stdout
    assert json.loads((thing.folder / "demo/thing.conf.json").read_text())["endpoint"] is None


def test_new_leaves_what_is_there(thing):
    (thing.folder / "demo").mkdir()
    (thing.folder / "demo" / "mine.txt").write_text("mine")
    assert "exists already" in thing.run("new", "demo", code=1).stderr
    assert [path.name for path in thing.folder.rglob("*")] == ["demo", "mine.txt"]


def test_git_keeps_the_secrets_out(thing, project):
    thing.run("add", "demo")
    subprocess.run(["git", "init", "-q", project], check=True)
    subprocess.run(["git", "-C", project, "add", "."], check=True)
    listed = subprocess.run(["git", "-C", project, "ls-files"], capture_output=True, text=True, check=True).stdout
    assert set(listed.split()) == {".gitignore", "helpers.py", "main.py", "readme.md", "thing.conf.json"}


def test_use_fills_in_the_endpoint_of_the_account(thing, project, ministack):
    """As after `thing cloud down`, `thing cloud up --lan`: other things of the project stay as they are."""
    thing.run("add", "demo")
    path = project / "thing.conf.json"
    before = json.loads(path.read_text())
    path.write_text(json.dumps({**before, "endpoint": "192.0.2.7", "port": 1}))
    said = thing.run("use", "demo", "--endpoint").stdout
    assert said == f"endpoint: localhost:{ministack.port}\n" and json.loads(path.read_text()) == before


def test_use_changes_all_three_files(thing, project):
    thing.run("add", "demo", "-n", "3")
    config = json.loads((project / "thing.conf.json").read_text())
    config["mine"] = {"kept": True}
    (project / "thing.conf.json").write_text(json.dumps(config))
    for words, name in ((("--thing-id", 1), "demo_1"), (("--thing", "demo_2"), "demo_2"), ((), "demo_0")):
        thing.run("use", "demo", *words)
        source = project / ".aws_things_resources" / name
        config = json.loads((project / "thing.conf.json").read_text())
        assert config["thingname"] == config["mqttid"] == name
        assert config["cert_arn"] == json.loads((source / "thing.conf.json").read_text())["cert_arn"]
        assert config["mine"] == {"kept": True} and config["endpoint"] == "localhost"
        for file in ("certificate.pem.crt", "private.pem.key"):
            assert (project / file).read_bytes() == (source / file).read_bytes()
        assert (project / "private.pem.key").stat().st_mode & 0o777 == 0o600


def test_use_finishes_or_drops_a_switch_that_was_cut_off(thing, project):
    """The rename of .switch.new to .switch decides: before it nothing has changed, after it it is ended."""
    thing.run("add", "demo", "-n", "2")
    resources = project / ".aws_things_resources"
    before = {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()}
    (resources / ".switch.new").mkdir()
    (resources / ".switch.new" / "private.pem.key").write_text("half")
    thing.run("cleanup", "demo", "--dry-run")
    assert {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()} == before

    decided = resources / ".switch"
    decided.mkdir()
    config = {**json.loads(before["thing.conf.json"]), "thingname": "demo_1", "mqttid": "demo_1"}
    (decided / "thing.conf.json").write_text(json.dumps(config))
    (decided / "certificate.pem.crt").write_bytes((resources / "demo_1/certificate.pem.crt").read_bytes())
    (project / "private.pem.key").write_bytes((resources / "demo_1/private.pem.key").read_bytes())  # moved already
    thing.run("cleanup", "demo", "--dry-run")
    assert json.loads((project / "thing.conf.json").read_text())["thingname"] == "demo_1"
    for file in ("certificate.pem.crt", "private.pem.key"):
        assert (project / file).read_bytes() == (resources / "demo_1" / file).read_bytes()
    assert not decided.exists()


def test_who_looks_while_another_command_switches_breaks_neither(thing, project):
    """What is under way is that command's, whose lock is waited for."""
    thing.run("add", "demo", "-n", "2")
    switching, stop = Project.open(project), threading.Event()
    active = {switching.active()}

    def look():
        while not stop.is_set():
            active.add(Project.open(project).active())

    with concurrent.futures.ThreadPoolExecutor() as pool:
        looking = pool.submit(look)
        try:
            for number in range(30):
                with switching.lock(wait=True):
                    switching.activate(switching.record(f"demo_{number % 2}"))
        finally:
            stop.set()
        looking.result()
    assert active == {"demo_0", "demo_1"}


def test_names_that_differ_in_case_alone_share_their_numbers(thing, project):
    """Windows and macOS would keep Lamp_0 and lamp_0 in one folder."""
    for name in ("Lamp_0", "lamp_3", "lamps_7"):
        (project / ".aws_things_resources" / name).mkdir(parents=True)
    opened = Project.open(project)
    assert [opened.next_number(base) for base in ("lamp", "LAMP", "lamps", "other")] == [4, 4, 8, 0]


def test_things_are_listed_in_the_order_of_their_numbers(thing, account):
    names = ["lamp_0", "lamp_1", "lamp_2", "lamp_10", "pump"]
    for name in reversed(names):
        account.client("iot").create_thing(thingName=name)
    assert thing.json("list", "--names") == names
    assert [row["thing"] for row in thing.json("list")] == names
