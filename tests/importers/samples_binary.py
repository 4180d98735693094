"""Runs of TensorBoard and W&B, and exports, for the contract of importers."""

from builders import every_kind
from export.exporting import record_of
from importers import wandb_files as wb
from importers.event_files import event, losses, simple, write_events
from importers.samples import Sample, file_sample

from cockpit.export.registry import format_named
from cockpit.export.writing import write

NAME = "events.out.tfevents.1700000000.host.1.0"
ROWS = [wb.row(step, train__loss=1 / (step + 1), val__acc=step / 10) for step in range(10)]


def one_file(folder):
    return write_events(folder / NAME, [*losses(10), *(event(simple("val/acc", 0.5), step) for step in (3, 6, 9))])


def folders(folder):
    for name in ("version_0", "version_1"):
        write_events(folder / name / NAME, losses(5))
        write_events(folder / name / "validation" / NAME, losses(2, "acc"))
    return folder


def exported(form, name):
    def make(folder):
        path = folder / name
        with record_of(every_kind(folder / "logs")) as record:
            write(record, format_named(form), path)
        return path

    return make


SAMPLES = [
    Sample("tensorboard", "file", one_file, runs=1, steps=10, evaluations=3),
    Sample("tensorboard", "folder", folders, runs=2, steps=10, evaluations=4),
    Sample("tensorboard", "exported", exported("tensorboard", "board"), runs=2, steps=8, evaluations=4),
    file_sample(
        "wandb",
        "file",
        "run-a.wandb",
        wb.log([wb.run({"lr": 1}), *ROWS, wb.exited()]),
        runs=1,
        steps=10,
        evaluations=10,
    ),
    Sample("exported-csv", "file", exported("csv", "all.csv"), runs=2, steps=8, evaluations=4),
    Sample("exported-csv", "folder", exported("csv", "tables"), runs=2, steps=8, evaluations=4),
    Sample("exported-json", "file", exported("json", "all.json"), runs=2, steps=8, evaluations=4),
]
