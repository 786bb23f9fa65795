"""thing doctor: it stops at the stage that fails and says why. Each cause is made for real."""

import contextlib
import json
import re
import shutil
import socket
import ssl
import threading

import pytest
from aws_iot_tools.board import doctor, doctor_board
from aws_iot_tools.board.probe import Probe
from aws_iot_tools.things.project import CERTIFICATE, KEY

from ..harness.board import Board
from ..harness.certificates import Authority
from ..harness.ports import free_port

_STAGES = ["files", "key and certificate", "endpoint", "DNS", "TCP", "TLS", "CONNECT", "subscribe", "publish"]


@pytest.fixture
def ready(thing, project):
    thing.run("add", "demo")
    return project


def _configure(project, **values) -> dict:
    path = project / "thing.conf.json"
    config = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps(config))
    return config


def _failing(thing, stage: str) -> str:
    """The text of the stage that failed, which must be this one, with all before it well."""
    found = json.loads(thing.run("doctor", "demo", "--json", code=1).stdout)
    assert [row["stage"] for row in found] == _STAGES[: _STAGES.index(stage) + 1]
    assert [row["ok"] for row in found] == [True] * (len(found) - 1) + [False]
    return found[-1]["text"]


def test_all_is_well(thing, ready):
    lines = thing.run("doctor", "demo").stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"ok   {stage}" for stage in _STAGES]


def _as_python_3_13(monkeypatch):
    """Have ssl's default contexts check strictly, as they do from Python 3.13 on."""
    default = ssl.create_default_context

    def strict(**options):
        context = default(**options)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", strict)


@contextlib.contextmanager
def _server(folder, identity):
    """The port of a TLS server with this certificate, for one connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity.write(folder, "server"))
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        threading.Thread(target=_serve_once, args=(listener, context), daemon=True).start()
        yield listener.getsockname()[1]


def test_authority_that_boards_accept_is_good_to_a_strict_python_too(ready, tmp_path, monkeypatch):
    _as_python_3_13(monkeypatch)
    authority = Authority(extensions=False)
    with _server(tmp_path, authority.issue("localhost", hosts=["localhost"])) as port:
        probe = Probe("localhost", port)
        probe.open()
        assert probe.secure(authority.pem().decode(), ready / CERTIFICATE, ready / KEY).startswith("TLSv1")
        probe.close()


def test_certificates_of_the_tests_stand_strict_checks(tmp_path, monkeypatch):
    _as_python_3_13(monkeypatch)
    root = Authority()
    identity = Authority("between", issuer=root).issue("localhost", hosts=["localhost"])
    context = ssl.create_default_context(cadata=root.pem().decode())
    with _server(tmp_path, identity) as port, socket.create_connection(("127.0.0.1", port)) as plain:
        assert context.wrap_socket(plain, server_hostname="localhost").version()


def test_missing_file(thing, ready):
    (ready / "certificate.pem.crt").unlink()
    assert "certificate.pem.crt is missing" in _failing(thing, "files")


def test_key_of_another_thing(thing, ready):
    thing.run("add", "demo")
    shutil.copy(ready / ".aws_things_resources/demo_1/private.pem.key", ready)
    assert "does not belong to the certificate" in _failing(thing, "key and certificate")


def test_key_that_is_none(thing, ready):
    (ready / "private.pem.key").write_bytes(b"\x30\x77\x02\x01")
    assert "no PEM key" in _failing(thing, "key and certificate")


@pytest.mark.parametrize(
    "from_days, to_days, words",
    [(-30, -2, "the certificate expired on "), (2, 30, "is the clock of this computer right?")],
)
def test_certificate_outside_its_dates(thing, ready, from_days, to_days, words):
    identity = Authority().issue("demo_0", from_days=from_days, to_days=to_days)
    (ready / "certificate.pem.crt").write_bytes(identity.certificate_pem())
    (ready / "private.pem.key").write_bytes(identity.key_pem())
    assert words in _failing(thing, "key and certificate")


@pytest.mark.parametrize(
    "endpoint, words",
    [
        ("abc.iot.eu-west-1.amazonaws.com", "legacy endpoint"),
        ("abc.credentials.iot.eu-west-1.amazonaws.com", "of another service"),
        ("mqtts://localhost:8883", "a host name alone"),
    ],
)
def test_wrong_endpoint(thing, ready, endpoint, words):
    _configure(ready, endpoint=endpoint)
    assert words in _failing(thing, "endpoint")


def test_right_endpoint_of_aws():
    assert "Data-ATS" in doctor.check_endpoint("abc-ats.iot.eu-west-1.amazonaws.com")


def test_name_that_does_not_resolve(thing, ready):
    _configure(ready, endpoint="nowhere.invalid")
    assert "nowhere.invalid does not resolve" in _failing(thing, "DNS")


def test_port_that_nobody_listens_on(thing, ready):
    _configure(ready, port=9)
    assert "port 9 of localhost does not answer (Connection refused)" in _failing(thing, "TCP")
    shown = re.search(r"^ +see `thing (.*)`$", thing.run("doctor", "demo", code=1).stdout, re.M)
    assert "**What to do:** With the local AWS: does it run" in thing.run(*shown.group(1).split()).stdout


_CLOCK = "is the clock of this computer right?"


@pytest.mark.parametrize(
    "known, options, words",
    [
        (False, {"hosts": ["localhost"]}, "not signed by the expected CA"),
        (True, {"hosts": ["other"]}, "for another name"),
        (True, {"hosts": ["localhost"], "from_days": -30, "to_days": -2}, f"certificate has expired: {_CLOCK}"),
        (True, {"hosts": ["localhost"], "from_days": 2}, f"certificate is not yet valid: {_CLOCK}"),
    ],
    ids=["unknown", "other-name", "expired", "not-yet-valid"],
)
def test_server_that_is_not_the_right_one(thing, ready, tmp_path, known, options, words):
    authority = Authority()
    if known:
        (ready / "other-ca.pem").write_bytes(authority.pem())
        _configure(ready, cacert="other-ca.pem")
    with _server(tmp_path, authority.issue("server", **options)) as port:
        _configure(ready, port=port)
        assert words in _failing(thing, "TLS")


def _serve_once(listener, context) -> None:
    try:
        with context.wrap_socket(listener.accept()[0], server_side=True) as client:
            client.recv(1)
    except OSError:
        pass


def test_port_without_tls(thing, ready):
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        _configure(ready, port=listener.getsockname()[1])

        def answer():
            client, _ = listener.accept()
            client.sendall(b"HTTP/1.0 400\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        assert "is this an MQTT port" in _failing(thing, "TLS")


def test_inactive_certificate(thing, ready, account):
    (certificate,) = account.certificates()
    account.client("iot").update_certificate(certificateId=certificate["certificateId"], newStatus="INACTIVE")
    text = _failing(thing, "CONNECT")
    assert "closed instead of accepted" in text and text.endswith("AWS says: the certificate is INACTIVE")


def test_certificate_without_policy(thing, ready, account):
    (certificate,) = account.certificates()
    account.client("iot").detach_policy(policyName="demo-policy", target=certificate["certificateArn"])
    assert "AWS says: no policy is attached to the certificate" in _failing(thing, "CONNECT")


def test_certificate_of_no_thing(thing, ready, account):
    (certificate,) = account.certificates()
    account.client("iot").detach_thing_principal(thingName="demo_0", principal=certificate["certificateArn"])
    assert "AWS says: the certificate is not attached to demo_0" in _failing(thing, "CONNECT")


def test_client_id_that_the_policy_does_not_allow(thing, ready):
    _configure(ready, mqttid="somebody")
    assert "does not allow iot:Connect as client somebody" in _failing(thing, "CONNECT")


def test_without_credentials_the_likely_causes_are_named(thing, ready):
    _configure(ready, mqttid="somebody")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        thing.environment.pop(name)
    thing.environment["AWS_EC2_METADATA_DISABLED"] = "true"
    assert "AWS says" not in _failing(thing, "CONNECT")


@pytest.mark.parametrize("missing, stage", [("Subscribe", "subscribe"), ("Publish", "publish"), ("Receive", "publish")])
def test_policy_that_lacks_an_action(thing, ready, account, missing, stage):
    iot = account.client("iot")
    document = json.loads(iot.get_policy(policyName="demo-policy")["policyDocument"])
    document["Statement"] = [row for row in document["Statement"] if f"iot:{missing}" not in row["Action"]]
    iot.create_policy_version(policyName="demo-policy", policyDocument=json.dumps(document), setAsDefault=True)
    assert f"allow iot:{missing}" in _failing(thing, stage)


def test_an_endpoint_that_is_the_board_itself_is_told(thing, ready):
    """From this computer all is well; and that the port was not typed is said."""
    thing.environment["THING_PORT"] = "/dev/ttyNONE"
    said = thing.run("doctor", "demo", code=1)
    assert said.stdout.count("ok ") == 9 and "the port /dev/ttyNONE is from THING_PORT" in said.stdout
    assert "the endpoint is localhost, which for a board is the board itself" in said.stderr


def test_the_board_is_examined_too(thing, ready, tmp_path):
    (ready / "main.py").write_text("import time\nwhile True:\n    print('working')\n    time.sleep_ms(200)\n")
    with Board(tmp_path / "flash") as board:
        found = _on_board(thing, board)
        assert (found[-1]["stage"], found[-1]["ok"]) == ("board: files", False)
        assert "`thing flash` brings them up to date" in found[-1]["text"]
        thing.run("flash", "demo", "--port", board.port, "--no-wait")
        found = _on_board(thing, board)
        assert [row["stage"] for row in found] == [
            *_STAGES, "board: files", "board: library", "board: clock", "board: network", "board: DNS",
            "board: connect", "board: shadow",
        ]  # fmt: skip
        assert all(row["ok"] for row in found), found
        before = board.output.count("working")
        board.expect("working\n" * 2)
        assert board.output.count("working") > before or board.output.endswith("working\n"), "its program runs again"
        shutil.rmtree(board.flash / "lib/aws_iot")
        found = _on_board(thing, board)
        assert (found[-1]["stage"], found[-1]["ok"]) == ("board: library", False)
        assert "aws_iot" in found[-1]["text"]


def _on_board(thing, board) -> list:
    return json.loads(thing.run("doctor", "demo", "--port", board.port, "--json", ok=False).stdout)


class _Answers:
    """A board that gives prepared answers: the faults that the unix port cannot have (an RTC in 2000, no Wi-Fi)."""

    def __init__(self, answer) -> None:
        self.answer = answer

    def run(self, code, timeout_s):
        return f"doctor:{self.answer!r}"


@pytest.mark.parametrize(
    "stage, answer, words",
    [
        ("clock", (2000, 1, 1, 0, 0, 12), "days off, and TLS refuses certificates"),
        ("network", "OSError('no Wi-Fi')", "are ssid and password in wifi.json right?"),
        ("dns", "OSError(-2)", "does its network have a DNS server?"),
        ("connect", "closed before CONNACK", "closed before CONNACK"),
        ("shadow", ("subscribe denied?", False), "subscribe denied?"),
    ],
)
def test_what_ails_a_real_board(ready, stage, answer, words):
    from aws_iot_tools.things.project import Project

    patient = doctor_board._Patient(_Answers(answer), Project.open(ready))
    with pytest.raises(doctor.Sick, match=words.replace("?", r"\?")):
        getattr(patient, stage)()
