"""Starting Ray: what is left out, and that nothing of it stays."""

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.ray


def test_private_methods_are_there_and_come_back() -> None:
    from ray._private.node import Node

    from cockpit.engine.ray_start import _LEFT_OUT, _small_head

    originals = {name: getattr(Node, name) for name in _LEFT_OUT}
    with pytest.raises(RuntimeError), _small_head():
        assert all(getattr(Node, name) is stand_in for name, stand_in in _LEFT_OUT.items())
        raise RuntimeError
    assert {name: getattr(Node, name) for name in _LEFT_OUT} == originals


def test_ray_runs_without_a_dashboard_and_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    import ray

    from cockpit.engine.machine import Share
    from cockpit.engine.ray_start import SETTINGS, running_ray

    for name in (*SETTINGS, "TUNE_MAX_PENDING_TRIALS_PG"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # put back afterwards
    monkeypatch.setattr(tempfile, "tempdir", None)
    with running_ray(Share(concurrent=3, cpu=1.0, gpu=0.0), None) as folder:
        assert ray.cluster_resources()["CPU"] >= 3
        commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        ours = [command for command in commands if folder.encode() in command]
        assert any(b"raylet" in command for command in ours)
        assert not any(b"dashboard.py" in command or b"monitor.py" in command for command in ours)
    assert not ray.is_initialized()
    assert not Path(folder).exists()
