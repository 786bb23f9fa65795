"""thing cloud: the local AWS as a user has it, and Mosquitto in front of it."""

import itertools
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from aws_iot_tools.board.probe import Probe
from aws_iot_tools.cloud import local_aws, mosquitto, processes
from aws_iot_tools.errors import ToolError
from cryptography import x509

from ..harness.ports import free_port

pytestmark = pytest.mark.local_aws


@pytest.fixture
def cloud(thing):
    """`thing` with no environment of any cloud; what it starts is stopped at the end."""
    for name in list(thing.environment):
        if name.startswith(("AWS_", "IOT_")):
            thing.environment.pop(name)
    ports = ("--port", "--mqtt-port", "--https-port", "--sigv4-port")
    thing.up = ("cloud", "up", *(word for name in ports for word in (name, free_port())))
    yield thing
    thing.run("cloud", "down", ok=False)


def use(thing) -> dict:
    """What `eval "$(thing cloud env)"` does to a shell."""
    script = 'eval "$(thing cloud env)" && env -0'
    path = os.pathsep.join([str(Path(sys.executable).parent), thing.environment.get("PATH", "")])
    done = subprocess.run(
        ["sh", "-c", script], cwd=thing.folder, env={**thing.environment, "PATH": path}, capture_output=True, check=True
    )
    shell = dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)
    return {name: value for name, value in shell.items() if name.startswith(("AWS_", "THING_"))}


def begin(thing, number=1) -> Path:
    """A local AWS and the folder of a project with so many things in it."""
    thing.run(*thing.up)
    thing.environment.update(use(thing))
    thing.run("new", "demo")
    thing.run("add", "demo", "-n", str(number))
    return thing.folder / "demo"


def test_up_env_down_and_its_data_stays(cloud):
    said = cloud.run(*cloud.up).stdout
    found = cloud.run("list")
    assert found.stdout == "no things\n" and f"the local AWS of {cloud.folder}" in found.stderr, "without the variables"
    assert "AWS APIs: http://127.0.0.1:" in said and 'eval "$(thing cloud env)"' in said
    assert cloud.run(*cloud.up).stdout == said, "it runs already"
    variables = use(cloud)
    assert set(variables) == {
        "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION",
        "THING_CLOUD",
    }  # fmt: skip
    cloud.environment.update(variables)
    cloud.run("new", "demo")
    cloud.run("add", "demo")
    config = json.loads((cloud.folder / "demo/thing.conf.json").read_text())
    assert config["endpoint"] == "localhost" and (cloud.folder / "demo" / config["cacert"]).exists()
    assert cloud.run("doctor", "demo").stdout.count("ok ") == 9

    assert cloud.run("cloud", "down").stdout == "stopped; its data is kept in .aws_local\n"
    assert cloud.run("cloud", "down").stdout == "it was not running\n"
    assert "is the network up" in cloud.run("list", code=1).stderr
    cloud.run(*cloud.up)
    cloud.environment.update(use(cloud))
    assert cloud.run("list", "--names").stdout == "demo_0\n"
    assert cloud.run("cloud", "env", "--off").stdout.startswith("unset AWS_ENDPOINT_URL\n")


def test_its_variables_win_over_those_that_lead_elsewhere(cloud):
    cloud.run(*cloud.up)
    cloud.environment.update(
        AWS_ENDPOINT_URL_IOT="http://127.0.0.1:9", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true", AWS_PROFILE="nobody"
    )
    variables = use(cloud)
    assert not {"AWS_ENDPOINT_URL_IOT", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_PROFILE"} & set(variables)


def test_one_that_does_not_run_is_named(cloud):
    """Else the next message would speak of AWS's regions and credentials."""
    cloud.run(*cloud.up)
    cloud.run("cloud", "down")
    (said,) = cloud.run("list", code=1).stderr.splitlines()
    assert f"the local AWS of {cloud.folder} does not run (`thing cloud up` starts it)" in said
    assert "AWS itself cannot be asked without a region: pass --region" in said
    cloud.environment.update(AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")
    said = cloud.run("list", code=1).stderr
    assert "AWS itself is asked" in said and "no AWS credentials" in said and "`thing cloud up`" in said


def test_a_folder_below_finds_the_one_that_runs(cloud):
    """As all other commands do; one that is named is meant, and one of its own is taken first."""
    where = cloud.json(*cloud.up)
    above, cloud.folder = cloud.folder, cloud.folder / "demo"
    cloud.folder.mkdir()
    again = cloud.run("cloud", "up")
    assert f"this is the local AWS of {above}, which runs already" in again.stderr and where["url"] in again.stdout
    assert "it runs already, without this --port" in cloud.run("cloud", "up", "--port", "1", code=1).stderr
    assert where["url"] in cloud.run("cloud", "env").stdout
    assert cloud.run("cloud", "down", cloud.folder).stdout == "it was not running\n"
    assert cloud.run("cloud", "down").stdout == f"the local AWS of {above}: stopped; its data is kept in .aws_local\n"
    assert not list(cloud.folder.iterdir()) and cloud.run("cloud", "down").stdout == "it was not running\n"


def test_an_https_port_given_for_mqtt_is_named(cloud):
    where = cloud.json(*cloud.up)
    cloud.run("new", "demo")
    cloud.run("add", "demo")
    path = cloud.folder / "demo/thing.conf.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "port": where["ports"]["https"]}))
    said = cloud.run("doctor", "demo", code=1)
    assert f"port {where['ports']['https']} is one of HTTPS: MQTT's, `port` in" in said.stdout + said.stderr


def test_a_server_that_does_not_end_in_time_is_said_to_be_slow(tmp_path):
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as slow:
        slow.stdout.readline()
        processes.note(tmp_path, slow.pid)
        with pytest.raises(ToolError, match="still saves its data, or waits for a busy computer"):
            processes.stop(tmp_path, 0.1)
        slow.kill()


@pytest.mark.parametrize("text", ["{", '{"url": "http://127.0.0.1:1"}', '{"url": "x", "newer": 1}'])
def test_what_cannot_be_read_of_where_it_was_blocks_nothing(cloud, text):
    where = cloud.json(*cloud.up)
    path = cloud.folder / ".aws_local/cloud.json"
    path.write_text(text)
    assert "is damaged, or of another version" in cloud.run("cloud", "env", code=1).stderr
    assert "cannot be read" in cloud.run(*cloud.up).stderr  # one that ran is ended, and its ports are free
    assert json.loads(path.read_text())["url"] == where["url"]
    assert path.with_name("cloud.json.damaged").read_text() == text
    assert cloud.run("cloud", "env").stdout


def test_a_watch_outlives_the_local_aws(cloud):
    """It connects again, with a URL that is signed anew, and asks for what it has missed."""
    cloud.run(*cloud.up)
    cloud.run("new", "demo")
    cloud.run("add", "demo")
    with cloud.start("shadow", "watch", "demo_0", "--changes", "1", "--json") as watch:
        assert json.loads(watch.stdout.readline())["state"] is None
        cloud.run("cloud", "down")
        cloud.run(*cloud.up)
        cloud.run("shadow", "set", "demo_0", '{"led": 1}')
        assert json.loads(watch.stdout.readline())["state"] == {"desired": {"led": 1}}
        assert watch.wait(120) == 0


def test_policies_are_enforced(cloud):
    cloud.run(*cloud.up)
    cloud.environment.update(use(cloud))
    cloud.run("new", "demo")
    cloud.run("add", "demo")
    path = cloud.folder / "demo/thing.conf.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "mqttid": "somebody"}))
    assert "does not allow iot:Connect" in cloud.run("doctor", "demo", code=1).stdout


def test_a_port_that_is_taken(cloud, ministack):
    assert f"port {ministack.gateway} is taken" in cloud.run("cloud", "up", "--port", ministack.gateway, code=1).stderr
    assert not (cloud.folder / ".aws_local/cloud.json").exists()


def test_a_port_that_somebody_takes_meanwhile(tmp_path, monkeypatch):
    """Between the look and the start: another one is taken, unless the user has named it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder, others = tmp_path / ".aws_local", [free_port() for _ in range(7)]
    with socket.create_server(("127.0.0.1", free_port())) as somebody:
        ports = iter([somebody.getsockname()[1], *others])
        monkeypatch.setattr(processes, "free_port", lambda first: next(ports))
        try:
            started = local_aws.up(folder, local_aws.Wanted(), print)
            assert (started.url, started.mqtt_port) == (f"http://127.0.0.1:{others[3]}", others[4])
            assert (started.https_port, started.sigv4_port) == (others[5], others[6])
            assert local_aws.Cloud.load(folder).url == started.url
        finally:
            local_aws.down(folder)


def test_a_start_that_takes_a_minute_is_waited_for_and_told(tmp_path, monkeypatch):
    """As on a busy computer: once that is told, a minute has gone by, and only then it is ready."""
    said: list = []
    seconds = itertools.chain([0.0], itertools.repeat(6.0))  # at the start, and when it is looked at
    clock = SimpleNamespace(sleep=time.sleep, monotonic=lambda: next(seconds) + 60 * len(said))
    monkeypatch.setattr(processes, "time", clock)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        looks = iter([False, False])  # the second one after the minute
        tell = local_aws._once(said.append)
        log, limit_s = tmp_path / "log", local_aws._START_S
        processes.wait_until(lambda: next(looks, True), process, log, limit_s, "MiniStack", tell)
        process.communicate(b"\n")
    assert said == ["MiniStack is still starting ..."]


def test_two_that_start_at_once_do_not_meet(cloud):
    """MiniStack would share a port that another one listens on: starts go one by one."""
    folders = ["one", "two"]
    started = [cloud.start("--json", "cloud", "up", folder) for folder in folders]
    try:
        answers = [json.loads(process.communicate(timeout=200)[0]) for process in started]
    finally:
        for folder in folders:
            cloud.run("cloud", "down", folder, ok=False)
    assert len({answer["url"] for answer in answers}) == len({answer["mqtt_port"] for answer in answers}) == 2
    assert len({port for answer in answers for port in answer["ports"].values()}) == 4


def test_mosquitto_in_front(cloud):
    """Mutual TLS with a certificate for this machine's addresses; shadows go through the bridge."""
    answer = cloud.json(*cloud.up, "--mosquitto")
    cloud.environment.update(use(cloud))
    addresses = mosquitto.lan_addresses()
    assert answer["mqtt_host"] in [*addresses, "localhost"]
    cloud.run("new", "demo")
    cloud.run("add", "demo")
    folder = cloud.folder / "demo"
    config = json.loads((folder / "thing.conf.json").read_text())
    assert (config["endpoint"], config["port"]) == (answer["mqtt_host"], answer["mqtt_port"])
    server = x509.load_pem_x509_certificate((cloud.folder / ".aws_local/mosquitto/server.pem").read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(name) for name in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", *addresses}
    cloud.run("shadow", "set", "demo_0", '{"led": "on"}')
    probe = Probe("localhost", answer["mqtt_port"])
    probe.open()
    probe.secure((folder / config["cacert"]).read_text(), folder / "certificate.pem.crt", folder / "private.pem.key")
    assert probe.connect("demo_0") == 0
    probe.subscribe("$aws/things/demo_0/shadow/get/+")
    for _ in range(120):  # the bridge may still be connecting
        probe.publish("$aws/things/demo_0/shadow/get")
        probe.timeout_s = 0.5
        try:
            assert probe.receive()[0] == "$aws/things/demo_0/shadow/get/accepted"
            break
        except TimeoutError:
            continue
    else:
        raise AssertionError((cloud.folder / ".aws_local/mosquitto/mosquitto.log").read_text())
    probe.close()
    mosquitto_folder = cloud.folder / ".aws_local/mosquitto"
    os.kill(processes.running(mosquitto_folder), 9)
    while processes.running(mosquitto_folder):
        time.sleep(0.02)
    assert "Mosquitto had ended; it is started again" in cloud.run("cloud", "up").stderr
    assert processes.answers(answer["mqtt_port"])
