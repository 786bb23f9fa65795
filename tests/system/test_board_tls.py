"""The servers of the tests that have boards' TLS take what boards offer, and nothing that only others could."""

import contextlib
import os
import subprocess
import sys

import pytest

from tests.harness import ROOT, board_tls
from tests.harness.mosquitto import Mosquitto

_PROGRAM = ROOT / "tests" / "system" / "shake_hands.py"
_ECDHE = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
# What a client can do: the least version of TLS, its suites, and a line of OpenSSL's configuration.
_CLIENTS = {
    "TLS 1.3": ("TLSv1_3", _ECDHE, ""),
    "ChaCha20": ("TLSv1_2", "CHACHA20", "MaxProtocol = TLSv1.2"),
    "X25519": ("TLSv1_2", _ECDHE, "MaxProtocol = TLSv1.2\nGroups = X25519"),
    "RSA-PSS": ("TLSv1_2", _ECDHE, "MaxProtocol = TLSv1.2\nSignatureAlgorithms = RSA-PSS+SHA256"),
}


@pytest.fixture(scope="module", params=["P-256", "RSA-2048"])
def identity(request, authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("identity")
    return request.param, *authority.issue("localhost", request.param, hosts=("localhost",)).write(folder, "server")


@pytest.fixture(scope="module", params=["Mosquitto", "Python"])
def port(request, authority, identity, tmp_path_factory):
    if request.param == "Mosquitto":
        broker = Mosquitto(tmp_path_factory.mktemp("board_tls"), authority, "1.2", server_key=identity[0]).start()
        yield broker.port
        broker.stop()
    else:
        with _served(identity, {"OPENSSL_CONF": str(board_tls.CONFIGURATION)}) as port:
            yield port


@contextlib.contextmanager
def _served(identity, environment):
    command = [sys.executable, _PROGRAM, "serve", *identity[1:]]
    options = {"env": _environment(environment), "text": True, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **options) as server:
        yield int(server.stdout.readline())
        server.stdin.close()


def _environment(more: dict) -> dict:
    kept = {name: value for name, value in os.environ.items() if name != "OPENSSL_CONF"}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


@pytest.fixture
def joined(authority, tmp_path):
    """What comes of a client's handshake with the server on a port."""
    files = authority.issue("client").write(tmp_path, "client")

    def join(port, version, suites, configuration):
        (tmp_path / "client.cnf").write_text(_configuration(configuration))
        done = subprocess.run(
            [sys.executable, _PROGRAM, "join", str(port), suites, version, *files],
            env=_environment({"OPENSSL_CONF": str(tmp_path / "client.cnf")}),
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert not done.returncode, done.stderr
        return done.stdout.strip()

    return join


def _configuration(lines):
    return f"openssl_conf = conf\n[conf]\nssl_conf = ssl\n[ssl]\nsystem_default = limits\n[limits]\n{lines}\n"


def _clients(kind):
    """Those whom an ordinary server with such a key can serve."""
    needs_rsa = () if kind == "RSA-2048" else ("X25519", "RSA-PSS")  # else the key's own curve is a group as well
    return {name: client for name, client in _CLIENTS.items() if name not in needs_rsa}


@pytest.mark.parametrize("suite", ["ECDHE-{0}-AES128-GCM-SHA256", "ECDHE-{0}-AES256-SHA384"])
def test_what_boards_offer_is_taken(port, identity, joined, suite):
    suite = suite.format("ECDSA" if identity[0] == "P-256" else "RSA")
    lines = board_tls.CONFIGURATION.read_text().split("[limits]")[1]
    assert joined(port, "TLSv1_2", suite, lines) == f"joined TLSv1.2 {suite}"


def test_what_no_board_can_do_is_refused(port, identity, joined):
    for name, client in _clients(identity[0]).items():
        assert joined(port, *client).startswith("refused"), name


def test_other_servers_take_it(identity, joined):
    """So that a refusal says something of the server that has boards' TLS, and not of the client."""
    with _served(identity, {}) as port:
        for name, client in _clients(identity[0]).items():
            assert joined(port, *client).startswith("joined"), name
