"""The ports of the tests, and those that `thing cloud` takes."""

import multiprocessing
import socket
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

from aws_iot_tools.cloud import processes

from ..harness import ROOT
from ..harness.ports import ephemeral, free_port


def test_no_two_processes_share_ports_and_no_outgoing_connection_takes_them():
    mine = [free_port() for _ in range(50)]
    asked = "from tests.harness.ports import free_port; print(*[free_port() for _ in range(50)])"
    other = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    theirs = list(map(int, other.stdout.split()))
    assert len({*mine, *theirs}) == 100
    assert not [port for port in mine + theirs if port in ephemeral()]


def test_a_forked_process_has_ports_of_its_own():
    free_port()  # this process has its own by now
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        theirs = [pool.submit(free_port).result() for _ in range(50)]
    mine = [free_port() for _ in range(50)]
    assert len({*mine, *theirs}) == 100


def test_a_port_is_not_given_while_something_listens_there():
    with socket.create_server(("127.0.0.1", free_port())) as server:
        taken = server.getsockname()[1]
        assert taken not in [free_port() for _ in range(1000)]


def test_cloud_takes_the_next_port_that_can_be_had():
    first = free_port()
    with socket.create_server(("127.0.0.1", first)):
        assert first < processes.free_port(first) < first + 100
    assert processes.free_port(first) == first
    with socket.socket() as somebody:
        somebody.bind(("", first))  # and does not listen yet
        assert first < processes.free_port(first) < first + 100
