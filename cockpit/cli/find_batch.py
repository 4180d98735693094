"""`cockpit find-batch`: the largest batch that fits, and how fast each size is."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import print_json, print_sentence, print_table
from cockpit.cli.subject import Asked, about_subject

if TYPE_CHECKING:
    from cockpit.engine.batch_finding import Found, Try

START = 8
ENOUGH = "no size is much faster"


@click.command("find-batch")
@click.option("--most", type=click.IntRange(min=1), metavar="N", help="Try no larger size.")
@click.option("--memory", type=click.IntRange(min=1), metavar="MIB", help="On a processor: what a trial may take.")
@about_subject
def find_batch(asked: Asked, most: int | None, memory: int | None) -> int:
    """Find the largest batch that fits, by training steps of twice the size until one does not, and of sizes between.

    Of a SEARCH its baseline is trained, of a TRAINER its defaults, of an experiment its best trial. The table says how
    many rows a second each size makes: the largest is not always the fastest. It ends with the data, or with --most.
    On a processor a size fits when it takes no more memory than is free now.
    """
    from cockpit.engine.batch_finding import bounds, coupling, free_memory, tries_of
    from cockpit.engine.batch_finding import find_batch as find

    least, most = bounds(asked.subject, most)
    asked.subject.check(asked.device)
    bytes_ = free_memory() if memory is None else memory << 20
    tries = tries_of({**asked.subject.request(asked.device), "memory": bytes_})
    found = find(tries, max(START, least), most, _tell_progress(quiet=asked.as_json), least)
    if asked.as_json:
        print_json(_document(found, coupling(asked.subject)))
    else:
        _tell(found, coupling(asked.subject))
    return 0 if found.largest else 1


def _tell_progress(*, quiet: bool) -> Any:
    def tell(one: Try) -> None:
        if not quiet:
            click.echo(f"batch_size {one.size} {'fits' if one.fits else 'does not fit'}", err=True)

    return tell


def _tell(found: Found, coupled: str) -> None:
    from cockpit.store.numbers import quantity_text

    best = found.fastest
    fastest = "fastest" if best == found.largest else ENOUGH
    rows = [
        [
            str(one.size),
            "yes" if one.fits else "no",
            f"{one.seconds * 1000:.2f}" if one.seconds is not None else "—",
            quantity_text(one.rows) if one.rows is not None else "—",
            fastest if one == best else one.reason,
        ]
        for one in found.tries
    ]
    print_table(("batch_size", "fits", "ms a step", "rows/s", "note"), rows, left=("fits", "note"), last_folds=True)
    device = next((one.device for one in found.tries if one.device), "")
    print_sentence(f"{found.text}{f' on {device}' if device else ''}")
    if found.largest:
        print_sentence(coupled)


def _document(found: Found, coupled: str) -> dict[str, Any]:
    from cockpit.store.document import plain

    largest, fastest = found.largest, found.fastest
    document = {
        "largest": largest.size if largest else None,
        "fastest": fastest.size if fastest else None,
        "text": found.text,
        "lr": coupled,
        "tries": [{**asdict(one), "rows_per_second": one.rows} for one in found.tries],
    }
    return dict(plain(document))
