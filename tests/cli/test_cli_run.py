"""`cockpit run`, and sweep files of W&B over scripts that know nothing of the cockpit, from the outside."""

import json
import shlex
import signal
import sys
from pathlib import Path

import pytest
from test_cli_sweep import DEADLINE, only_run, processes_in, wait_until

from cockpit.store.document import experiment_document
from cockpit.store.reader import Index

PROGRAMS = Path(__file__).parents[1] / "programs"
PYTHON = (sys.executable, "-S", "-c")
EXPERIMENT = f"exp001-{Path(sys.executable).stem}"
LINES = "print('Train Step 1, loss: 0.5, final_score: 0.5, time: 1.0'); print('val_loss: 0.25')"
WANDB = """
program: digits.py
method: grid
name: digits
metric:
  name: validation_score
  goal: maximize
early_terminate:
  type: hyperband
  min_iter: 4
parameters:
  learning_rate:
    values: [1e-2, 1e-5]
  hidden:
    value: 16
command:
  - ${env}
  - ${interpreter}
  - ${program}
  - ${args_no_equals}
"""


FROZEN_BASE = """
import cockpit, torch
model = torch.nn.ModuleDict({name: torch.nn.Linear(2, 2) for name in ("base", "head", "unused")})
model["base"].requires_grad_(False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(1, 5):
    loss = model["head"](model["base"](torch.ones(3, 2))).square().mean()
    loss.backward()
    cockpit.norms(optimizer, step=step, every=1, model=model)
    optimizer.step()
    cockpit.log(step=step, loss=loss)
cockpit.evaluate(score=0.5)
"""


@pytest.fixture
def shown(folder):
    """The document of the only experiment."""

    def read():
        with Index(only_run(folder)) as index:
            return experiment_document(index)

    return read


def test_a_command_is_recorded_and_prints_what_it_always_prints(answer, folder, shown):
    command = (*PYTHON, LINES, "--lr", "3e-4")
    said = answer("run", "--name", "try", "--note", "Does it run?", "--", *command)
    assert said.code == 0
    assert said.out == "Train Step 1, loss: 0.5, final_score: 0.5, time: 1.0\nval_loss: 0.25\n"
    assert said.err == "cockpit: recorded as exp001-try\n"
    document = shown()
    (trial,) = document["trials"]
    assert (document["status"], document["question"], document["metric"], document["mode"]) == (
        "finished", "Does it run?", "loss", "min",
    )  # fmt: skip
    assert shlex.split(document["command"])[-len(command) :] == list(command)
    assert document["environment"]["folder"] == str(folder)
    assert (trial["status"], trial["best"], trial["steps"], trial["config"]) == ("finished", 0.25, 1, {"lr": 0.0003})
    diary = (folder / "logs" / "diary.md").read_text()
    assert "## exp001 · try" in diary and "Does it run?" in diary
    assert said.out.encode() == (only_run(folder).trial("t000").output).read_bytes()


def test_a_command_is_ranked_by_what_an_import_of_its_lines_is_ranked_by(answer, folder, shown):
    lines = "for epoch in range(3): print(f'epoch {epoch} val_loss: {1 / (1 + epoch)} val_acc: {0.5 + epoch / 8}')"
    said = answer("run", "--", *PYTHON, lines)
    document = shown()
    assert (document["metric"], document["mode"], document["trials"][0]["best"]) == ("acc", "max", 0.75)
    (folder / "lines.txt").write_text(said.out)
    assert answer("import", "lines.txt").code == 0
    imported = json.loads(answer("show", "exp002", "--json").out)
    assert (imported["metric"], imported["mode"], imported["trials"][0]["best"]) == ("acc", "max", 0.75)


def test_a_command_that_fails_is_recorded_as_failed(answer, shown):
    said = answer("run", "--", *PYTHON, "print('so far'); raise SystemExit(7)")
    assert (said.code, said.out) == (1, "so far\n")
    assert said.err.startswith("cockpit: the command failed: exit code 7: so far; recorded as exp001-python")
    assert shown()["trials"][0]["error"] == "exit code 7: so far"


def test_the_metric_may_be_a_pattern_and_json_is_one_document(answer):
    said = answer("run", "--json", "--metric", "is (?P<f1>[0-9.]+)", "--", *PYTHON, "print('it is 0.5')")
    document = json.loads(said.out)
    assert (said.code, document["metric"], document["mode"], document["trials"][0]["best"]) == (0, "f1", "max", 0.5)


def test_ctrl_c_ends_the_command(spawn, folder, shown):
    process = spawn("run", "--", *PYTHON, "import time\nprint('begun', flush=True)\nwhile True: time.sleep(60)")
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (130, "")
    assert err == f"cockpit: the command interrupted: Ctrl-C; recorded as {EXPERIMENT}\n"
    assert processes_in(folder) == []
    assert shown()["trials"][0]["status"] == "interrupted"


def test_a_detached_command_goes_on(answer, folder, shown):
    said = answer("run", "--detach", "--", *PYTHON, "print('acc: 0.5')", "--detach")
    assert said.code == 0 and said.out.startswith(f"{EXPERIMENT} runs detached, process ")
    wait_until(lambda: shown()["status"] == "finished" and not processes_in(folder))
    assert shown()["trials"][0]["config"] == {"detach": True}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "Missing argument '-- CMD …'"),
        (("--", "no-such-command"), "there is no command no-such-command on the PATH; is it installed?"),
        (("--", "./nowhere.sh"), "there is no file "),
        (("--metric", "(a+)+(?P<x>b)", "--", "true"), "--metric: a repetition"),
        (("--metric", "loss: (.*)", "--", "true"), "--metric: the pattern names no group"),
        (("--gpus", "99", "--", "true"), "resources.gpu: a trial wants 99 GPUs"),
    ],
)
def test_what_cannot_run_is_refused_in_one_line(cockpit, folder, words, problem):
    assert problem in cockpit("run", *words).complaint
    assert not (folder / "logs").exists()


def test_a_sweep_file_of_wandb_runs_as_it_is(answer, folder, shown):
    (folder / "digits.py").write_text((PROGRAMS / "digits.py").read_text())
    (folder / "sweep.yaml").write_text(WANDB)
    said = answer("sweep", "sweep.yaml", "--engine", "local", "--concurrent", "1")
    assert said.code == 0, said
    document = shown()
    good, bad = document["trials"]
    assert [trial["config"] for trial in (good, bad)] == [
        {"hidden": 16, "learning_rate": rate} for rate in (1e-2, 1e-5)
    ]
    assert (good["status"], bad["status"]) == ("finished", "pruned")
    assert bad["stop_reason"].startswith("hyperband band 4: ") and len(bad["evaluations"]) == 4
    assert document["best_trial"] == "t000" and good["best"] == max(good["evaluations"]) > 0.5
    assert "Validation score: " in only_run(folder).trial("t000").output.read_text()


@pytest.mark.slow
def test_a_torch_script_is_one_run(answer, shown):
    said = answer("run", "--", sys.executable, PROGRAMS / "line.py", "--lr", "3e-1", "--epochs", "2")
    assert said.code == 0 and said.out.count("Loss") == 8
    (trial,) = shown()["trials"]
    assert (trial["steps"], len(trial["evaluations"]), trial["config"]) == (8, 2, {"lr": 0.3, "epochs": 2})
    assert trial["best"] < 1.0


@pytest.mark.ray
@pytest.mark.slow
def test_a_script_of_another_package_is_one_run(spawn, folder, shown):
    """Ray's own example of training with two workers, as it is installed."""
    script = ("-m", "ray.train.examples.pytorch.torch_linear_example", "--smoke-test")
    metric = r"^\{'loss': (?P<loss>[\d.e+-]+)\}"
    process = spawn("run", "--metric", metric, "--", sys.executable, *script, env={"HOME": str(folder)})
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    (trial,) = shown()["trials"]
    assert trial["status"] == "finished" and len(trial["evaluations"]) == 1
    assert f"{{'loss': {trial['best']}}}" in out
    assert processes_in(folder) == []


def test_what_a_loop_of_ones_own_does_not_train_is_told_wherever_norms_are(answer, cockpit, folder):
    (folder / "train.py").write_text(FROZEN_BASE)
    done = answer("run", "--", sys.executable, "train.py", env={"PYTHONPATH": str(Path(__file__).parents[2])})
    assert done.code == 0, done.err
    frozen = "2 of 6 tensors are not trained: base.weight, base.bias"
    table = cockpit("grads", "exp001/t000")
    assert frozen in table.err.splitlines()
    assert "⚠ pg0: no gradient reaches unused.weight, unused.bias since step 1" in table.err
    assert f"tensors      {frozen}\n" in cockpit("show", "exp001/t000").out
    told = json.loads(cockpit("show", "exp001/t000", "--json").out)["untrained"]
    assert told == {"tensors": 2, "of": 6, "names": ["base.weight", "base.bias"]}
    assert f"- {frozen} (t000)\n" in (folder / "logs" / "diary.md").read_text()
