"""A run folder of another machine, or one that cannot be written, gets an index in the user's cache folder."""

import pytest
from builders import Recorder

from cockpit.store.indexer import Indexer
from cockpit.store.mirror import is_indexed_here, mirrored
from cockpit.store.reader import Index


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def test_a_folder_of_this_machine_keeps_its_own_index(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.5]).end()
    assert is_indexed_here(run)


def test_a_folder_of_another_machine_does_not(tmp_path, cache):
    run = Recorder(tmp_path, host="elsewhere").trial(0, [0.5]).run
    assert not is_indexed_here(run)
    mirror = mirrored(run)
    assert cache in mirror.index.parents
    assert (mirror.name, mirror.sweep) == (run.name, run.sweep)
    with Indexer(mirror) as indexer:
        indexer.sync()
        with Index(mirror) as index:
            assert [trial.best for trial in index.trials()] == [0.5]
    assert not run.index.exists()


def test_a_ledger_without_its_first_line_is_of_nobody(tmp_path):
    run = Recorder(tmp_path).run
    run.sweep.write_text('{"kind": "sweep_st')
    assert not is_indexed_here(run)


def test_two_folders_do_not_share_a_mirror(tmp_path):
    one = Recorder(tmp_path / "a", host="elsewhere").run
    other = Recorder(tmp_path / "b", host="elsewhere").run
    assert mirrored(one).cache != mirrored(other).cache
    assert mirrored(one) == mirrored(one)
