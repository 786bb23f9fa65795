"""What the system tests stand on: places to connect to, and devices that end with the test."""

import contextlib
import functools
import itertools
import json
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from aws_iot_tools.fota import firmware

from aws_iot.jobs.job import OVER
from tests.harness import HANG_S
from tests.harness.board_tls import server_context
from tests.harness.credential_provider import CredentialProvider
from tests.harness.ministack import ACCOUNT, REGION
from tests.harness.mosquitto import Mosquitto
from tests.harness.observer import Observer
from tests.harness.project import write_project
from tests.harness.relay import TlsFront
from tests.harness.runtimes import Process

from . import fota, keys
from .process import Device

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
_NUMBERS = itertools.count(1)


@dataclass
class Site:
    """A place where a thing connects: its port and CA, and how a thing's certificate and key are made there."""

    port: int
    ca: str | bytes
    identify: object

    def project(self, folder: Path, name: str, **options) -> Path:
        """The project folder of a new thing; returns the path of its thing.conf.json."""
        certificate, key = self.identify(name)
        return write_project(folder / name, name, self.port, certificate, key, self.ca, **options)


@pytest.fixture
def name(request, runtime) -> str:
    """A thing name that no other test has."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    return f"{runtime.name}-{worker}-{next(_NUMBERS)}"


@pytest.fixture
def devices(runtime):
    """Makes devices on the test's runtime: devices(configuration, **options); all end with the test."""
    with contextlib.ExitStack() as running:
        yield lambda configuration, **options: running.enter_context(Device(runtime, configuration, **options))


@pytest.fixture
def launch(runtime):
    """Starts programs on the test's runtime: launch(script, *arguments, **options); all end with the test."""
    with contextlib.ExitStack() as running:
        yield lambda script, *arguments, **options: running.enter_context(
            Process(runtime, script, *arguments, **options)
        )


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    """The file of the key that firmware is signed with; the public one is beside it."""
    return firmware.new_key(tmp_path_factory.mktemp("keys") / "firmware.key")[0]


@pytest.fixture
def boards(runtime, tmp_path, key):
    """Makes boards that are updated over the air: boards(configuration, **settings); all end with the test."""
    with contextlib.ExitStack() as running:

        def make(configuration, **settings):
            board = fota.Board(runtime, tmp_path / "flash", configuration, key, **settings)
            running.callback(board.power_off)
            return board

        yield make


@pytest.fixture
def application(runtime):
    """Makes bundles of the boards' application, compiled for MicroPython."""
    return functools.partial(fota.application, compiled=bool(runtime.bits))


@pytest.fixture
def rollouts(ministack, name, key):
    return fota.Rollouts(ministack, name, key)


@pytest.fixture
def cloud(ministack):
    """The shadow service, as a program in the cloud has it."""
    return ministack.client("iot-data")


def mosquitto_site(broker: Mosquitto, kind: str = "P-256", form: str = "PEM") -> Site:
    """Mosquitto with certificates of our own authority, their keys of this kind, their files in this form."""

    def identify(name):
        identity = broker.authority.issue(name, kind)
        if form == "DER":
            return identity.certificate_der(), identity.key_der()
        return identity.certificate_pem(), identity.key_pem()

    return Site(broker.port, broker.authority.der() if form == "DER" else broker.authority.pem(), identify)


def ministack_site(cloud, port: int | None = None) -> Site:
    """The local AWS, or what is in front of it on another port."""

    def identify(name):
        thing = cloud.make_thing(name)
        return thing.certificate, thing.key

    return Site(port or cloud.port, cloud.ca, identify)


@pytest.fixture(scope="session")
def bridge(tmp_path_factory, authority, ministack):
    """Mosquitto with mutual TLS 1.2, the shadow and jobs topics of all things bridged to the local AWS."""
    folder = tmp_path_factory.mktemp("bridge")
    thing = ministack.make_thing("bridge", EVERYTHING)
    write_project(folder, "bridge", 0, thing.certificate, thing.key, ministack.ca)
    files = [folder / name for name in ("ca.pem", "certificate.pem.crt", "private.pem.key")]
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"), authority, "1.2")
    # Not localhost: where that is ::1 first, Mosquitto 2.0.21 does not go on to the IPv4 address.
    broker.bridge("cloud", f"127.0.0.1:{ministack.port}", *files, "bridge")
    broker.start()
    try:
        _await_bridge(broker.plain_port)
        yield broker
    finally:
        broker.stop()


def _await_bridge(port: int, timeout_s: float = HANG_S) -> None:
    topic = "$aws/things/probe/shadow/get"
    deadline = time.monotonic() + timeout_s
    with Observer(port, topic + "/rejected", client_id="probe") as observer:
        while time.monotonic() < deadline:
            observer.publish(topic)
            try:
                observer.expect(topic + "/rejected", 0.5)
                return
            except AssertionError:
                pass
    raise RuntimeError("the bridge to MiniStack does not carry shadows")


@pytest.fixture
def front(ministack, authority, tmp_path):
    """Port 443 of the local AWS: AWS IoT's as keys.HOST, that of others as localhost."""
    context = server_context()
    context.load_cert_chain(*authority.issue("iot", hosts=[keys.HOST, "localhost"]).write(tmp_path, "iot"))
    with TlsFront(ministack.gateway, context) as relay:
        yield relay


@pytest.fixture(scope="session")
def role(ministack):
    return keys.make_role(ministack)


@pytest.fixture
def provider(ministack, authority, role, tmp_path):
    """AWS IoT's credential provider, which knows one role alias."""
    with CredentialProvider(ministack, authority, tmp_path) as running:
        running.aliases[keys.ALIAS] = role
        yield running


@pytest.fixture(params=["direct", "bridge"])
def cloud_site(request, ministack):
    """A place with AWS's shadow service: MiniStack itself, policies enforced, or Mosquitto bridged to it."""
    if request.param == "direct":
        return ministack_site(ministack)
    return mosquitto_site(request.getfixturevalue("bridge"))


def _of(name: str, shadow: str | None) -> dict:
    """The arguments of boto3 that name a thing's shadow."""
    return {"thingName": name, **({"shadowName": shadow} if shadow else {})}


def desire(cloud, name: str, state: dict, shadow: str | None = None) -> None:
    cloud.update_thing_shadow(**_of(name, shadow), payload=json.dumps({"state": {"desired": state}}))


def document(cloud, name: str, shadow: str | None = None) -> dict:
    return json.loads(cloud.get_thing_shadow(**_of(name, shadow))["payload"].read())


def reported(cloud, name: str, state: dict, shadow: str | None = None, within_s: float = HANG_S) -> None:
    """The shadow's reported state becomes this; through a bridge a little after the device's PUBACK."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            found = document(cloud, name, shadow)["state"].get("reported")
        except cloud.exceptions.ResourceNotFoundException:
            found = None
        if found == state or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert found == state


@pytest.fixture
def iot(ministack):
    return ministack.client("iot")


@pytest.fixture
def create(iot, name):
    """Makes jobs for the thing: create(job id, document, **options)."""

    def make(job_id, document, **options):
        target = f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/{name}"
        iot.create_job(jobId=job_id, targets=[target], document=json.dumps(document), **options)
        return job_id

    return make


@pytest.fixture
def outcome(iot, name):
    """The end of a job: outcome(job id) -> (status, details)."""

    def wait(job_id, within_s=HANG_S):
        deadline = time.monotonic() + within_s
        while True:
            found = iot.describe_job_execution(jobId=job_id, thingName=name)["execution"]
            if found["status"] in OVER or time.monotonic() > deadline:
                return found["status"], found.get("statusDetails", {}).get("detailsMap", {})
            time.sleep(0.1)

    return wait
