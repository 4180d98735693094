"""What importing costs, who of several processes records, and a disk that is full."""

import multiprocessing

import pytest
from scripts import of_kind, run_script
from torch import distributed

import cockpit

LIGHT = """
import json, sys
before = set(sys.modules)
import cockpit
alone = sorted(name for name in set(sys.modules) - before if name != "cockpit")
cockpit.log(loss=1.0); cockpit.evaluate(score=1.0); cockpit.norms(object()); cockpit.config()
cockpit.note("x"); cockpit.saved("x"); cockpit.begin(1)
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps([alone, sorted(loaded - sys.stdlib_module_names)]), file=sys.stderr)
"""


def test_the_import_is_light(tmp_path):
    events, said = run_script(tmp_path, LIGHT)
    assert said.strip() == '[[], ["cockpit"]]'
    assert [event.kind for event in events] == ["step", "eval", "note", "saved", "built"]


RANKS = """
import cockpit
cockpit.log(loss=1.0); cockpit.evaluate(score=0.5); cockpit.note("x"); cockpit.saved("x"); cockpit.begin(3)
"""


@pytest.mark.parametrize(
    ("variables", "records"),
    [
        ({"RANK": "0", "LOCAL_RANK": "0", "SLURM_PROCID": "2"}, True),
        ({"RANK": "1", "LOCAL_RANK": "0"}, False),
        ({"LOCAL_RANK": "1"}, False),
        ({"LOCAL_RANK": "0", "NODE_RANK": "1"}, False),
        ({"SLURM_PROCID": "3"}, False),
        ({"SLURM_PROCID": "0", "LOCAL_RANK": "odd"}, True),
    ],
)
def test_only_rank_0_records(tmp_path, variables, records):
    events, said = run_script(tmp_path, RANKS, **variables)
    assert (len(events), said) == (5 if records else 0, "")


def _train_as(rank, store):
    distributed.init_process_group("gloo", rank=rank, world_size=2, init_method=f"file://{store}")
    for step in range(1, 4):
        cockpit.log(step=step, rank=rank)
    distributed.barrier()
    distributed.destroy_process_group()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # newer Pythons warn where there are threads
def test_a_process_group_without_variables(recorded, tmp_path):
    fork = multiprocessing.get_context("fork")
    ranks = [fork.Process(target=_train_as, args=(rank, tmp_path / "store")) for rank in range(2)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join()
    assert [process.exitcode for process in ranks] == [0, 0]
    assert [(event.step, event.metrics["rank"]) for event in recorded()] == [(1, 0), (2, 0), (3, 0)]


FULL = """
import resource, cockpit
cockpit.log(loss=0.0)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))
for number in range(1, 50):
    cockpit.log(loss=float(number))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
cockpit.log(loss=50.0)
"""


def test_a_full_disk_costs_events_and_nothing_else(tmp_path):
    path = tmp_path / "events.jsonl"
    whole = [line for line in _run_and_read(tmp_path, path) if line.endswith(b"}") and line.startswith(b"{")]
    kinds = [b'"kind":"lost"' in line for line in whole]
    assert kinds.count(True) == 1
    lost = whole[kinds.index(True)]
    assert int(lost.split(b'"count":')[1].split(b",")[0]) + len(whole) - 1 == 51
    assert b'"loss":50.0' in whole[-1]


def _run_and_read(tmp_path, path):
    # The line that was cut is no event, so the file is read as bytes.
    script = FULL + "import sys; sys.stderr.flush()\n"
    run = f"{script}\nimport os; os.rename('events.jsonl', 'kept.jsonl')"
    events, said = run_script(tmp_path, run)
    assert not events
    assert said.count("training goes on") == 1
    return (tmp_path / "kept.jsonl").read_bytes().split(b"\n")


def test_standard_error_that_is_closed(tmp_path):
    script = "import sys, cockpit\nsys.stderr.close()\ncockpit.log(3)\ncockpit.log(loss=1.0)"
    events, _ = run_script(tmp_path, script)
    assert len(of_kind(events, "step")) == 2
