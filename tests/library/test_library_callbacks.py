"""Real, tiny trainings with the Trainer of transformers, Lightning and Keras, each with its callback."""

import json
import math
import tomllib
from pathlib import Path

import pytest
from scripts import ROOT, of_kind, run_script

pytestmark = pytest.mark.slow  # for the imports of three frameworks

HUGGING_FACE = """
import json, sys, torch
from transformers import Trainer, TrainerCallback, TrainingArguments
from cockpit.callbacks.huggingface import CockpitCallback

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(4, 1)
    def forward(self, x, labels):
        out = self.linear(x).squeeze(-1)
        return {"loss": torch.nn.functional.mse_loss(out, labels), "logits": out}

class Straightforward(TrainerCallback):
    def on_pre_optimizer_step(self, args, state, control, model=None, **kwargs):
        self.before = [p.detach().clone() for p in model.parameters()]
        grads = [p.grad.norm().item() for p in model.parameters()]
        self.row = [state.global_step + 1, *(p.norm().item() for p in self.before), *grads]
    def on_optimizer_step(self, args, state, control, model=None, **kwargs):
        change = sum((a - b).square().sum() for a, b in zip(model.parameters(), self.before)).sqrt()
        size = sum(b.square().sum() for b in self.before).sqrt()
        print(json.dumps([*self.row, (change / size).item()]), file=sys.stderr)

torch.manual_seed(1)
data = [{"x": torch.randn(4), "labels": torch.randn(())} for _ in range(24)]
arguments = TrainingArguments("out", num_train_epochs=2, per_device_train_batch_size=4, gradient_accumulation_steps=2,
    logging_steps=1, eval_strategy="epoch", save_strategy="epoch", report_to="none", disable_tqdm=True, use_cpu=True,
    weight_decay=0.0, dataloader_pin_memory=False, load_best_model_at_end=True)
model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
trainer = Trainer(model, arguments, optimizers=(optimizer, None), train_dataset=data,
    eval_dataset={"main": data[:8], "other": data[8:16]}, callbacks=[Straightforward(), CockpitCallback(norms_every=2)])
trainer.compute_metrics = lambda prediction: {"score": 0.5}
trainer.evaluate(data[:8])
arguments.metric_for_best_model = "main_loss"
trainer.train()
print("log", json.dumps(trainer.state.log_history), file=sys.stderr)
"""


def rows_of(said):
    """The norms that the script computed itself, by step: two parameters, two gradients and the ratio."""
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("[")]
    return {row[0]: row[1:] for row in rows}


def check_norms(found, rows, steps):
    assert [event.step for event in found] == steps
    for event in found:
        first, second, grad_first, grad_second, ratio = rows[event.step]
        expected = (
            (first + second) / 2, abs(first - second) / 2, (grad_first + grad_second) / 2,
            abs(grad_first - grad_second) / 2, max(grad_first, grad_second), ratio,
        )  # fmt: skip
        measured = (event.param_mean, event.param_std, event.grad_mean, event.grad_std, event.grad_max)
        assert (*measured, event.update_ratio) == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_the_trainer_of_hugging_face(tmp_path):
    events, said = run_script(tmp_path, HUGGING_FACE)
    history = json.loads(next(line for line in said.splitlines() if line.startswith("log "))[4:])
    logged = [entry for entry in history if "loss" in entry]
    steps = of_kind(events, "step")
    assert [(event.step, event.epoch) for event in steps] == [(1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 1)]
    assert [event.metrics["loss"] for event in steps] == [entry["loss"] for entry in logged]
    assert [event.metrics["lr"] for event in steps] == [entry["learning_rate"] for entry in logged]
    evaluations = of_kind(events, "eval")
    assert [(event.phase, event.step, event.epoch) for event in evaluations] == [
        ("valid", 0, 0), ("main", 3, 0), ("other", 3, 0), ("main", 6, 1), ("other", 6, 1),
    ]  # fmt: skip
    assert {tuple(sorted(event.metrics)) for event in evaluations} == {("loss", "score")}
    assert all(event.time > 0 for event in evaluations)
    (built,) = of_kind(events, "built")
    assert (built.total_steps, built.step) == (6, 0)
    saved = of_kind(events, "saved")
    assert [(Path(each.path).name, each.step) for each in saved if each.label == "last"] == [
        ("checkpoint-3", 3), ("checkpoint-6", 6),
    ]  # fmt: skip
    assert {each.label for each in saved} == {"last", "best"}
    check_norms(of_kind(events, "norms"), rows_of(said), [1, 2, 4, 6])


LIGHTNING = """
import importlib, json, os, sys, torch, warnings, logging
package = os.environ["PACKAGE"]
L = importlib.import_module(package)
logging.getLogger(package).setLevel(logging.ERROR)
warnings.simplefilter("ignore")

class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(4, 1)
        self.row = None
    def training_step(self, batch, index):
        loss = self.linear(batch[0]).square().mean()
        self.log("loss", loss, on_step=True, on_epoch=True)
        self.log("twice", 2 * loss)
        return loss
    def validation_step(self, batch, index):
        self.log("loss", self.linear(batch[0]).square().mean())
        self.log("score", float(self.current_epoch))
    def on_before_optimizer_step(self, optimizer):
        self.before = [p.detach().clone() for p in self.parameters()]
        self.row = [self.global_step + 1, *(p.norm().item() for p in self.before)]
        self.row += [p.grad.norm().item() for p in self.parameters()]
    def on_train_batch_end(self, outputs, batch, index):
        if self.row is None: return
        change = sum((a - b).square().sum() for a, b in zip(self.parameters(), self.before)).sqrt()
        size = sum(b.square().sum() for b in self.before).sqrt()
        print(json.dumps([*self.row, (change / size).item()]), file=sys.stderr)
        self.row = None
    def configure_optimizers(self):
        return torch.optim.Adam([{"params": self.parameters(), "name": "all"}], lr=0.1)

torch.manual_seed(1)
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(24, 4)), batch_size=4)
callbacks = []
if os.environ.get("BY_HAND"):
    from cockpit.callbacks.lightning import CockpitCallback
    callbacks = [CockpitCallback(log_every=1, norms_every=2)]
trainer = L.Trainer(max_epochs=2, accelerator="cpu", logger=False, enable_progress_bar=False, callbacks=callbacks,
    enable_model_summary=False, default_root_dir=".", accumulate_grad_batches=2, log_every_n_steps=2)
trainer.fit(Model(), data, data)
"""


def entry_points(folder):
    """What installing the package leaves behind for Lightning, read from the project file."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    info = folder / "cockpit_here-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cockpit-here\nVersion: 1\n")
    lines = [f"[{group}]\n" + "".join(f"{a} = {b}\n" for a, b in names.items()) for group, names in declared.items()]
    (info / "entry_points.txt").write_text("".join(lines))


def test_lightning(tmp_path):
    entry_points(tmp_path)  # beside the callback given by hand this one stays silent
    events, said = run_script(tmp_path, LIGHTNING, PACKAGE="lightning.pytorch", BY_HAND="1")
    steps = of_kind(events, "step")
    by_step = {step: [event for event in steps if event.step == step] for step in range(1, 7)}
    assert [event.step for event in steps] == [1, 2, 3, 3, 4, 5, 6, 6]
    for step, (event, *of_epoch) in by_step.items():
        assert event.epoch == (step - 1) // 3
        assert event.metrics["twice"] == pytest.approx(2 * event.metrics["loss"])
        assert event.metrics.keys() == {"loss", "lr", "twice"}
        assert event.metrics["lr"] == 0.1
        assert [each.metrics.keys() for each in of_epoch] == ([{"loss_epoch"}] if step % 3 == 0 else [])
    evaluations = of_kind(events, "eval")
    assert [(event.step, event.epoch, event.metrics["score"]) for event in evaluations] == [(3, 0, 0.0), (6, 1, 1.0)]
    assert all(event.metrics.keys() == {"loss", "score"} for event in evaluations)
    assert evaluations[0].metrics["loss"] != by_step[3][0].metrics["loss"]
    (built,) = of_kind(events, "built")
    assert (built.total_steps, built.step) == (6, 0)
    assert [(each.step, each.label) for each in of_kind(events, "saved")] == [(3, "best"), (6, "best")]
    norms = of_kind(events, "norms")
    assert {event.group for event in norms} == {"all"}
    check_norms(norms, rows_of(said), [1, 2, 4, 6])


def test_lightning_without_a_line(tmp_path):
    entry_points(tmp_path)
    events, _ = run_script(tmp_path, LIGHTNING, PACKAGE="pytorch_lightning")
    assert [event.step for event in of_kind(events, "step") if "lr" in event.metrics] == [2, 4, 6]
    assert [event.step for event in of_kind(events, "eval")] == [3, 6]
    assert [event.step for event in of_kind(events, "norms")] == [1]


KERAS = """
import json, os, sys
import keras, numpy as np
from cockpit.callbacks.keras import CockpitCallback, parameter_norms

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse", metrics=["mae"])

class Straightforward(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.step = 0
    def on_train_batch_begin(self, batch, logs=None):
        self.before = [v.numpy().copy() for v in self.model.trainable_variables]
    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        variables = self.model.trainable_variables
        change = np.sqrt(sum(((v.numpy() - b) ** 2).sum() for v, b in zip(variables, self.before)))
        size = np.sqrt(sum((b ** 2).sum() for b in self.before))
        norm = lambda a: float(np.linalg.norm(np.asarray(a).ravel()))
        grads = [norm(v.value.grad.numpy()) for v in variables]
        print(json.dumps([self.step, *map(norm, self.before), *grads, float(change / size)]), file=sys.stderr)

x, y = np.random.randn(24, 4).astype("float32"), np.ones((24, 1), "float32")
history = model.fit(x, y, batch_size=8, epochs=2, validation_data=(x, y), verbose=0,
    callbacks=[Straightforward(), CockpitCallback(norms_every=2)])
print("log", json.dumps(history.history), file=sys.stderr)
event = parameter_norms(model.trainable_variables, 7)
norms = [np.linalg.norm(v.numpy().ravel()) for v in model.trainable_variables]
assert event.step == 7 and event.grad_mean != event.grad_mean
assert np.allclose([event.param_mean, event.param_std], [np.mean(norms), np.std(norms)], rtol=1e-4)
"""


def test_keras(tmp_path):
    events, said = run_script(tmp_path, KERAS, KERAS_BACKEND="torch", KERAS_HOME=str(tmp_path))
    history = json.loads(next(line for line in said.splitlines() if line.startswith("log "))[4:])
    steps = of_kind(events, "step")
    assert [(event.step, event.epoch) for event in steps] == [(1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 1)]
    assert [event.metrics["loss"] for event in steps if event.step % 3 == 0] == pytest.approx(history["loss"])
    assert all(math.isclose(event.metrics["lr"], 0.1, rel_tol=1e-6) for event in steps)
    evaluations = of_kind(events, "eval")
    assert [(event.step, event.epoch) for event in evaluations] == [(3, 0), (6, 1)]
    assert [event.metrics["loss"] for event in evaluations] == pytest.approx(history["val_loss"])
    assert [event.metrics["mae"] for event in evaluations] == pytest.approx(history["val_mae"])
    (built,) = of_kind(events, "built")
    assert (built.total_steps, built.step) == (6, 0)
    check_norms(of_kind(events, "norms"), rows_of(said), [1, 2, 4, 6])


@pytest.mark.parametrize(
    ("module", "missing"),
    [("huggingface", "transformers"), ("lightning", "lightning.pytorch,pytorch_lightning"), ("keras", "keras")],
)
def test_a_missing_library_is_one_line(tmp_path, module, missing):
    script = f"""
import sys
sys.modules.update(dict.fromkeys({missing.split(",")!r}))
try:
    import cockpit.callbacks.{module}
except ImportError as error:
    print(error, file=sys.stderr)
    assert error.__cause__ is None and (error.__suppress_context__ or error.__context__ is None)
"""
    _, said = run_script(tmp_path, script)
    assert len(said.splitlines()) == 1
    assert "pip install" in said
