"""`cockpit doctor --bench`: how fast this machine is at what training rests on."""

from __future__ import annotations

from pathlib import Path

import click

from cockpit.cli.options import print_json, print_table

LOADER, WORKERS = "matching", (0, 2)


def bench(logs: Path, device: str, as_json: bool) -> int:
    """Measure device, loader and disk, each in a process of its own, and print what came out."""
    from cockpit.engine.trainer_child import ask
    from cockpit.store.numbers import quantity_text

    folder = next(place for place in (logs.resolve(), *logs.resolve().parents) if place.exists())
    asked = {"device": device, "threads": 0, "trainer": LOADER, "workers": WORKERS}
    found = ask("trainers.benchmarks", asked)
    rows = [*found["rows"], *ask("cockpit.engine.disk_speed", {"folder": str(folder)})["rows"]]
    if as_json:
        print_json({"device": found["device"], "rows": rows})
        return 0
    table = [[row["what"], quantity_text(float(row["value"])), row["unit"], row["how"]] for row in rows]
    click.echo(f"{found['device']}; events are written to {folder}")
    print_table(("what", "value", "unit", "how"), table, left=("what", "unit", "how"), last_folds=True)
    return 0
