"""How many steps a second each trainer makes with half the bits, compiled, and with channels last."""

from __future__ import annotations

from .child import ChildFailedError, measure_in_child
from .table import Row

TRAINERS, QUICK_TRAINERS = ("matching", "audio", "sentences", "toxicity", "xnli"), ("matching",)
SECONDS, QUICK_SECONDS = 8.0, 1.0  # of each way, after its first steps


def rows(quick: bool, device: str = "cpu") -> list[Row]:
    """Each way against the plain one, as a ratio of steps a second: more is better here."""
    table: list[Row] = []
    for trainer in QUICK_TRAINERS if quick else TRAINERS:
        try:
            found = measure_in_child("paces", device, trainer, str(QUICK_SECONDS if quick else SECONDS))
        except ChildFailedError as error:
            table.append(Row(f"{trainer}: steps a second", f"broken: {str(error).strip().splitlines()[-1]}"))
            continue
        paces, errors = found["paces"], found["errors"]
        plain = next(iter(paces.values()), None)
        for way, pace in paces.items():
            ratio = pace / plain if plain else None
            table.append(Row(f"{trainer}: steps a second, {way}", f"{pace:.3g}", f"{plain:.3g}", ratio))
        table += [Row(f"{trainer}: steps a second, {way}", f"broken: {error}") for way, error in errors.items()]
    return table
