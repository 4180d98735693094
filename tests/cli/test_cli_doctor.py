"""What the doctor says of open ports, of Ray's token and of Ray's folders."""

import os
import socket
import subprocess
import sys

import psutil
import pytest

from cockpit.cli import exposure
from cockpit.cli.open_ports import listening
from cockpit.store.machine.listeners import Listener, listeners

OPEN = """
import socket, sys
server = socket.create_server((sys.argv[1], 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server():
    """Starts programs that listen, under any name; returns the process and its port."""
    started = []

    def start(*words, host="0.0.0.0", env=None):
        name, *arguments = words
        process = subprocess.Popen(
            [name, "-c", OPEN, host, *arguments],
            executable=sys.executable,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            text=True,
        )
        started.append(process)
        return psutil.Process(process.pid), int(process.stdout.readline())

    yield start
    for process in started:
        process.communicate()


@pytest.mark.parametrize(
    ("host", "beyond"), [("127.0.0.1", False), ("127.1.2.3", False), ("0.0.0.0", True), ("::1", False), ("::", True)]
)
def test_listeners_are_found_with_their_reach(host, beyond):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        server = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with server:
        port = server.getsockname()[1]
        found = [listener for listener in listeners([psutil.Process()]) if listener.port == port]
    assert [(listener.address, listener.protocol, listener.beyond) for listener in found] == [(host, "tcp", beyond)]


def test_a_mapped_loopback_address_is_loopback_and_a_datagram_socket_listens():
    assert not Listener(1, "tcp", "::ffff:127.0.0.1", 80).beyond
    assert Listener(1, "tcp", "::ffff:10.0.0.1", 80).where == "[::ffff:10.0.0.1]:80"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("0.0.0.0", 0))
        port = datagrams.getsockname()[1]
        (found,) = [listener for listener in listeners([psutil.Process()]) if listener.port == port]
    assert found.beyond
    assert found.where == f"0.0.0.0:{port} udp"


def test_the_doctor_tells_servers_of_others_from_rays_with_and_without_a_token(server):
    other, port = server("jupyter-lab")
    (finding,) = listening([other])
    assert finding == ("listening", "note", f"jupyter-lab (pid {other.pid}) on 0.0.0.0:{port}: others can reach it")
    (finding,) = listening([server("raylet", env={"RAY_AUTH_MODE": "disabled"})[0]])
    assert finding.level == "bad"
    assert "start it with RAY_AUTH_MODE=token" in finding.says
    (finding,) = listening([server("raylet", env={"RAY_AUTH_MODE": "token"})[0]])
    assert finding.level == "note"
    (finding,) = listening([server("raylet", "/tmp/cockpit-ray-0/r", env={"RAY_AUTH_MODE": "token"})[0]])
    assert finding.level == "bad"
    assert "the Ray of a sweep" in finding.says


def test_the_doctor_counts_the_ports_of_a_sweep_on_loopback(server):
    sweep, _ = server("cockpit", "sweep", "lr", host="127.0.0.1")
    assert list(listening([sweep])) == [
        ("listening", "ok", "nothing of yours listens beyond this machine"),
        ("sweep's ports", "ok", f"the sweep of pid {sweep.pid} has 1 on loopback"),
    ]
    assert [finding.level for finding in listening([server("cockpit", "sweep", "lr")[0]])] == ["bad"]
    assert [finding.level for finding in listening([server("cockpit", "sweep", "lr", "--address", "auto")[0]])] == [
        "note"
    ]


def test_the_doctor_looks_at_the_token_and_the_folders_of_ray(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(exposure, "listening", lambda _: iter(()))
    monkeypatch.setattr(exposure, "RAY_FOLDER", tmp_path / "ray")
    monkeypatch.setattr(exposure.ray_guard, "left_folders", list)
    assert [(finding.what, finding.level) for finding in exposure.exposure()] == [("Ray's token", "note")]
    token = tmp_path / ".ray" / "auth_token"
    token.parent.mkdir()
    token.write_text("x")
    token.chmod(0o644)
    (tmp_path / "ray").mkdir(mode=0o755)
    monkeypatch.setattr(exposure.ray_guard, "left_folders", lambda: [tmp_path / "cockpit-ray-1"])
    token_finding, folder, left = exposure.exposure()
    assert token_finding == ("Ray's token", "bad", f"others can read Ray's token {token}; run `chmod 600` on it")
    assert folder.level == left.level == "note"
    assert left.says.endswith("remove it with `rm -r`")
    token.chmod(0o600)
    assert next(exposure.exposure()) == ("Ray's token", "ok", str(token))
