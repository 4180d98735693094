"""Predicts the test set with trained weights: `python -m trainers.infer FOLDER --data DIR --out submission.csv`.

`FOLDER` has the weights of a trial and `cockpit.json`, which says what they are weights of: `trainer`, `config`,
`seed`, the `file` that they are in, and the `metric` whose `best` value they had. Nothing is trained. The model is
built as for training, takes the weights, is evaluated on the validation data as after an epoch, since thresholds come
from there, and writes its submission by the same code that writes one after a best evaluation.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trainers import registry
from trainers.building import builder
from trainers.contract import InputError, Trainer
from trainers.devices.base import Device
from trainers.devices.kinds import AUTO, CHOICES
from trainers.devices.select import select_for
from trainers.devices.team import Team
from trainers.files import write_atomically
from trainers.task import Task

ABOUT = "cockpit.json"
SUBMISSION = "submission"


def infer(folder: Path, data: str, out: Path, kind: str = "auto") -> Mapping[str, float]:
    """Write the submission of the weights in `folder` to `out`; return the metrics of their evaluation.

    Raises `InputError` for weights or data that do not fit, and for a trainer that writes no submission.
    """
    about = _about(folder)
    trainer = registry.find(str(about["trainer"]))
    values = {"seed": about.get("seed", 0), **about["config"], "data": data, "out": "", "resume": ""}
    config = registry.build_config(trainer, values)
    build = _builder(trainer)
    trainer.check(config)
    device = select_for(trainer, kind)
    device.setup(threads=0)
    try:
        task = build(config, device)
        _take_weights(task, folder / str(about["file"]), device)
        metrics = dict(task.evaluate())
        _write(task, out, trainer.name, device.team)
    finally:
        device.team.close()
    return metrics


def _builder(trainer: Trainer) -> Callable[[Any, Device], Task]:
    try:
        return builder(trainer)
    except InputError as error:
        module = trainer.recipe.partition(":")[0]
        raise InputError(
            f"{trainer.name} cannot predict with weights alone: {module} has no build(config, device)"
        ) from error


def _about(folder: Path) -> dict[str, Any]:
    path = folder / ABOUT
    try:
        about = json.loads(path.read_bytes())
        if isinstance(about["config"], dict) and {"trainer", "file"} <= about.keys():
            return dict(about)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError):
        pass
    raise InputError(f"{path}: has to say `trainer`, `config` and `file`; `cockpit kaggle dataset init` writes it so")


def _take_weights(task: Task, path: Path, device: Device) -> None:
    """The model has the weights of the file and is ready to be evaluated."""
    weights = device.load(path)
    try:
        task.model.load_state_dict(weights)
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path} does not fit the model that its configuration builds on these data ({reason})"
        ) from error
    task.model.eval()


def _write(task: Task, out: Path, trainer: str, team: Team) -> None:
    """What the task keeps after a best evaluation goes into a folder of its own, of which the submission stays.

    All processes have a part in it, and the first alone writes.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".infer-", dir=out.parent) as place:
        written = task.artefacts(Path(place))
        if SUBMISSION not in written:
            raise InputError(f"{trainer} wrote no submission: it has none to write, or the data have no test set")
        if team.rank == 0:
            text = written[SUBMISSION].read_bytes()
            write_atomically(out, lambda stream: stream.write(text))


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0, or 2 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m trainers.infer", description="Predict a test set with weights.")
    parser.add_argument("folder", type=Path, help=f"folder with the weights and {ABOUT}")
    parser.add_argument("--data", default="", metavar="DIR", help="data folder, as for training")
    parser.add_argument("--out", type=Path, default=Path("submission.csv"), metavar="FILE")
    parser.add_argument("--device", default=AUTO, choices=CHOICES)
    given = parser.parse_args(argv)
    try:
        metrics = infer(given.folder, given.data, given.out, given.device)
        about = _about(given.folder)
    except InputError as error:
        print(f"infer: {error}", file=sys.stderr)
        return 2
    name = str(about.get("metric"))
    print(f"{name} {metrics.get(name)} on the validation data, {about.get('best')} when the weights were saved")
    print(f"{given.out}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
