"""Folders and databases of other tools: their runs, states, settings and every value of every metric."""

import json
import math
import sqlite3

import pytest
from importers.samples_files import (
    JOURNAL,
    MLFLOW_DATABASE,
    OPTUNA_DATABASE,
    RAY_PROGRESS,
    RAY_RESULT,
    TRACKIO_DATABASE,
    TRACKIO_LINES,
    mlruns,
    ray_experiment,
    sacred,
)  # fmt: skip
from importers.told import ends, items_of, points, read, runs, steps_and_evaluations, unread

from cockpit.importers.contract import About
from cockpit.importers.registry import importer_of, open_source


def stored(tmp_path, script, importer, metric=""):
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
    connection.close()
    return items_of(path, importer, metric)


def about(items):
    (found,) = [item for item in items if isinstance(item, About)]
    return found


def test_reports_to_ray_are_evaluations(tmp_path):
    items = read(tmp_path, RAY_RESULT, "result.json", "ray")
    assert points(items) == {
        ("eval", "valid", "loss"): {1: 0.1, 2: 0.05, 3: 0.1 / 3}, ("eval", "valid", "acc"): {1: 0.1, 2: 0.2, 3: 0.3},
        ("eval", "valid", "time_this_iter_s"): {1: 0.5, 2: 0.5, 3: 0.5},
    }  # fmt: skip
    (run,) = runs(items)
    assert run.config == {"lr": 0.1, "m": {"h": 4}} and run.started == 1700000000.5
    assert [event.time for event in steps_and_evaluations(items)] == [0.5, 1.0, 1.5]


def test_progress_of_ray_alone(tmp_path):
    items = read(tmp_path, RAY_PROGRESS, "progress.csv", "ray")
    assert runs(items)[0].config == {"lr": 0.2}
    assert points(items)[("eval", "valid", "acc")] == {1: 0.0}


def test_an_experiment_of_ray_has_all_its_trials(tmp_path):
    items = items_of(ray_experiment(tmp_path), "ray")
    assert [(run.label, run.config) for run in runs(items)] == [
        (f"train_b36df_0000{number}_{number}_lr=0.{number}", {"lr": number / 10}) for number in range(3)
    ]
    whole, failed, silent = (run.key for run in runs(items))
    assert ends(items)[whole].status == "finished" and len(points(items, whole)[("eval", "valid", "loss")]) == 3
    assert (ends(items)[failed].status, ends(items)[failed].reason) == ("failed", "ValueError: boom")
    assert points(items, silent) == {}


def test_a_file_store_of_mlflow(tmp_path):
    items = items_of(mlruns(tmp_path), "mlflow")
    first, second = runs(items)
    assert (first.label, first.note, first.config) == ("first", "my words", {"lr": 0.001, "opt": "adam"})
    assert about(items).name == "exp one" and first.started == 1700000000.0
    found = points(items, first.key)
    assert found[("eval", "valid", "acc")] == {1: 0.1, 2: 0.30000000000000004}
    assert found[("eval", "valid", "f1")] == {0: 0.5}  # a single value is a result
    loss = found[("step", "train", "loss")]
    assert (loss[0], loss[1]) == (1.0, 0.5) and math.isnan(loss[2])
    assert (ends(items)[first.key].status, ends(items)[second.key].status) == ("finished", "failed")
    assert [text for _, text in unread(items)] == ["run third: deleted, left out"]


def test_one_run_and_one_experiment_of_a_file_store(tmp_path):
    (experiment,) = [path for path in mlruns(tmp_path).iterdir() if path.is_dir()]
    assert len(runs(items_of(experiment, "mlflow"))) == 2
    assert len(runs(items_of(experiment / ("0" * 32), "mlflow"))) == 1


def test_values_without_steps_are_counted(tmp_path):
    store = mlruns(tmp_path)
    file = next(store.rglob("val_acc"))
    file.write_text("1700000002500 0.1 0\n1700000003500 0.2 0\nbroken\n1700000003600 0.3 0\n")
    items = items_of(file.parent.parent, "mlflow")
    assert points(items)[("eval", "valid", "acc")] == {0: 0.1, 1: 0.2, 2: 0.3}
    assert [line for line, _ in unread(items)] == [3]


def test_a_database_of_mlflow(tmp_path):
    items = stored(tmp_path, MLFLOW_DATABASE, "mlflow-sqlite")
    first, second = runs(items)
    assert first.config == {"lr": 0.001, "layers": [1, 2], "opt": "adam", "tags.team": "x"}
    found = points(items, first.key)
    assert found[("step", "train", "loss")] == {0: 1.0, 1: 0.5}
    assert found[("step", "train", "huge")] == {0: math.inf}  # which the store writes as the largest number
    values = found[("step", "train", "f1")]
    assert values[0] == 0.5 and math.isnan(values[1])
    assert second.parent == "first" and points(items, second.key) == {("eval", "valid", "acc"): {3: 0.1}}
    assert ends(items)[second.key].status == "interrupted"
    assert [text for _, text in unread(items)] == ["run third: deleted, left out"]


def test_runs_of_sacred(tmp_path):
    items = items_of(sacred(tmp_path), "sacred")
    first, second = runs(items)
    assert (first.config, first.seed, about(items).name) == ({"lr": 0.1}, 7, "mnist")
    found = points(items, first.key)
    assert found == {("step", "train", "loss"): {0: 1.0, 1: 0.5}, ("eval", "valid", "accuracy"): {1: 0.75}}
    assert steps_and_evaluations(items)[0].time == 1.0
    assert (ends(items)[second.key].status, ends(items)[second.key].error) == (
        "failed",
        "Traceback\nValueError: boom\n",
    )
    assert [text for _, text in unread(items)] == ["odd: {'steps': [1], 'values': [1]}"]


def test_a_project_of_trackio(tmp_path):
    items = stored(tmp_path, TRACKIO_DATABASE, "trackio")
    first, second = runs(items)
    assert (first.label, first.config, second.label, second.config) == ("run-a", {"lr": 0.001}, "run-b", {})
    loss = points(items, first.key)[("step", "train", "loss")]
    assert loss[0] == 1.0 and math.isnan(loss[1])
    assert points(items, first.key)[("eval", "valid", "acc")] == {1: 0.5}
    assert [event.time for event in steps_and_evaluations(items) if event.step == 1] == [2.0, 2.0]
    assert unread(items) == [(3, "picture._type: x")]


def test_an_inbox_of_trackio(tmp_path):
    items = read(tmp_path, TRACKIO_LINES + '{"kind":"alert","run":"a","title":"hot"}\n', "0.jsonl", "trackio")
    assert [(run.label, run.config) for run in runs(items)] == [("a", {"lr": 0.1}), ("b", {"lr": 0.1})]
    assert points(items, "id-b") == {("step", "train", "loss"): {0: 1.0, 1: 0.5, 2: 1 / 3}}
    assert [line for line, _ in unread(items)] == [7]


def test_a_journal_of_optuna(tmp_path):
    items = read(tmp_path, JOURNAL + '{"op_code":6,"worker', "journal.log", "optuna-journal")
    assert (about(items).metric, about(items).goal, about(items).name) == ("value", "maximize", "one")
    first, second = runs(items)
    assert first.config == {"n": 3, "c": None} and type(first.config["n"]) is int
    found = points(items, first.key)
    assert found[("eval", "valid", "value")] == {1: 0.75}
    assert found[("eval", "valid", "intermediate_value")][0] == 0.25
    assert math.isnan(found[("eval", "valid", "intermediate_value")][1])
    assert (ends(items)[first.key].status, ends(items)[second.key].status) == ("finished", "failed")
    assert [line for line, _ in unread(items)] == [10]


def test_a_database_of_an_older_optuna(tmp_path):
    items = stored(tmp_path, OPTUNA_DATABASE, "optuna-sqlite")
    first, second = runs(items)
    assert first.config == {"x": 0.5, "user_attrs.machine": "box"}
    found = points(items, first.key)
    assert found[("eval", "valid", "value")] == {1: 0.25} and found[("eval", "valid", "seconds")] == {1: 12.5}
    assert ends(items)[second.key].status == "interrupted"
    assert [text for _, text in unread(items)] == ["trial 2: waits, it never began"]


@pytest.fixture(scope="module", params=["journal", "sqlite"])
def studies(request, tmp_path_factory):
    """Two studies as Optuna itself stores them: states, kinds of parameters, values that are not finite."""
    import optuna
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = tmp_path_factory.mktemp("optuna") / "store"
    journal = request.param == "journal"
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(path))) if journal else f"sqlite:///{path}"
    one = optuna.create_study(storage=storage, study_name="one", sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial):
        x = trial.suggest_float("x", 1e-5, 1, log=True)
        depth = trial.suggest_int("depth", 1, 9, step=2)
        trial.suggest_categorical("kind", ["a", None, 3, True])
        trial.set_user_attr("trees", 100 * depth)
        for step in range(3):
            trial.report((x * depth, math.inf, -math.inf)[step] if trial.number == 1 else x * step, step)
            if trial.number == 2 and step == 1:
                raise optuna.TrialPruned
        if trial.number == 3:
            raise ValueError("boom")
        return x * depth

    one.optimize(objective, n_trials=6, catch=ValueError)
    one.enqueue_trial({"x": 0.5})
    two = optuna.create_study(storage=storage, study_name="two", directions=["minimize", "maximize"])
    two.optimize(lambda trial: (trial.suggest_float("x", 0, 1), math.inf), n_trials=2)
    two.ask()
    return path, [one, two]


def test_optuna_says_the_same_of_its_own_studies(studies):
    path, known = studies
    items = items_of(path)
    status = {"COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "interrupted"}
    labels = {run.label: run for run in runs(items)}
    expected = {
        f"{study.study_name} {t.number}": t for study in known for t in study.trials if t.state.name != "WAITING"
    }
    assert labels.keys() == expected.keys()
    for label, trial in expected.items():
        run = labels[label]
        found = points(items, run.key)
        assert run.config == trial.params and [*map(type, run.config.values())] == [*map(type, trial.params.values())]
        assert ends(items)[run.key].status == status[trial.state.name]
        assert found.get(("eval", "valid", "intermediate_value"), {}) == trial.intermediate_values
        last = max(trial.intermediate_values, default=0)
        names = ["value"] if label.startswith("one") else ["values_0", "values_1"]
        for name, value in zip(names, trial.values or [], strict=bool(trial.values)):
            assert found[("eval", "valid", name)] == {last: value}
        trees = found.get(("eval", "valid", "trees"), {})
        assert list(trees.values()) == list(trial.user_attrs.values())


DAMAGED = {
    "cut": lambda data: data[:-3000],
    "zeros": lambda data: data[:4096] + bytes(len(data) - 4096),
    "words": lambda data: data.replace(b"CREATE", b"CRE\xf1TE"),  # which SQLite quotes, and which is no UTF-8
}


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize(
    "script", [MLFLOW_DATABASE, TRACKIO_DATABASE, OPTUNA_DATABASE], ids=["mlflow", "trackio", "optuna"]
)
def test_a_damaged_database_raises_nothing(tmp_path, script, damage):
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
    connection.close()
    path.write_bytes(DAMAGED[damage](path.read_bytes()))
    source = open_source(path)
    importer = importer_of(source)
    assert importer is None or list(importer.read(source))


def test_a_database_that_is_being_written_is_read(tmp_path):
    path = tmp_path / "store.db"
    writer = sqlite3.connect(path)
    writer.executescript("PRAGMA journal_mode = WAL;" + TRACKIO_DATABASE)
    writer.execute("UPDATE metrics SET step = 5 WHERE id = 1")  # not committed
    assert points(items_of(path, "trackio"), "r1")[("step", "train", "loss")][0] == 1.0
    writer.close()


def test_other_databases_are_nobodys(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE metrics (a, b)")
    connection.close()
    assert importer_of(open_source(path)) is None


def test_a_folder_of_anything_is_nobodys(tmp_path):
    (tmp_path / "meta.yaml").write_text("name: x\n")
    (tmp_path / "params.json").write_text(json.dumps({"lr": 1}))
    assert importer_of(open_source(tmp_path)) is None
