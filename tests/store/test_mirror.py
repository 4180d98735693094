"""A run folder of another machine, or one that cannot be written, gets an index in the user's cache folder."""

import pytest
from builders import Recorder

from cockpit.store.indexer import Indexer, reindex
from cockpit.store.mirror import indexed
from cockpit.store.reader import Index


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def test_a_folder_of_this_machine_keeps_its_own_index(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.5]).end()
    assert indexed(run) is run


def test_a_folder_of_another_machine_does_not(tmp_path, cache):
    run = Recorder(tmp_path, host="elsewhere").trial(0, [0.5]).run
    mirror = indexed(run)
    assert cache in mirror.index.parents
    assert indexed(mirror) is mirror
    assert (mirror.name, mirror.sweep) == (run.name, run.sweep)
    with Indexer(mirror) as indexer:
        indexer.sync()
        with Index(mirror) as index:
            assert [trial.best for trial in index.trials()] == [0.5]
    assert not run.index.exists()


def test_what_comes_from_elsewhere_is_read_as_it_comes(tmp_path):
    recorder = Recorder(tmp_path, host="elsewhere")
    for number in range(3):
        recorder.trial(number, [0.5])
        with Index(recorder.run) as index:
            assert len(index.trials()) == number + 1
    assert not recorder.run.index.exists()


def test_reindexing_makes_the_mirror_anew(tmp_path):
    run = Recorder(tmp_path, host="elsewhere").trial(0, [0.5]).run
    assert reindex(run) == 7
    assert not run.index.exists()


def test_a_ledger_without_its_first_line_is_taken_for_ours(tmp_path):
    run = Recorder(tmp_path).run
    run.sweep.write_text('{"kind": "sweep_st')
    assert indexed(run) is run


def test_two_folders_do_not_share_a_mirror(tmp_path):
    one = Recorder(tmp_path / "a", host="elsewhere").run
    other = Recorder(tmp_path / "b", host="elsewhere").run
    assert indexed(one).cache != indexed(other).cache
    assert indexed(one) == indexed(one)
