"""Makes a tidy data folder for the inference trainer out of the archives of XNLI, which it can fetch.

    python -m trainers.prepare_xnli SOURCE TARGET

SOURCE is the folder of the downloads: XNLI-1.0.zip (dev and test pairs in 15 languages) and XNLI-MT-1.0.zip (MultiNLI
in translation, to train on), or what was unpacked from them, in folders however deep. What is missing is fetched into
it first, unless --no-fetch is given. TARGET is written whole or not at all: the tables side by side, in their own
format, with quotation marks around texts removed, lines without a text left out, and checksums in SHA256SUMS that the
trainer looks at. Copy it to the machine that trains, and give it as --data.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainers.contract import InputError
from trainers.data.archives import Source, members
from trainers.data.checksums import NAME, write_checksums
from trainers.data.download import FetchError, fetch
from trainers.data.nli_tables import DEV, MEANING, MULTINLI, TEST, TRAIN, XNLI, Row, find_tables, is_wanted, table_rows
from trainers.data.pairs import LABELS

HOST = "https://dl.fbaipublicfiles.com/XNLI"
ARCHIVES = {"XNLI-1.0.zip": "pairs to validate on", "XNLI-MT-1.0.zip": "pairs to train on"}

Say = Callable[[str], None]


@dataclass
class Counts:
    """What became of a table's rows."""

    kept: int = 0
    unquoted: int = 0
    left_out: int = 0

    def __str__(self) -> str:
        return f"{self.kept} pairs, {self.unquoted} of them with quotation marks removed, {self.left_out} left out"


def prepare(source: Path, target: Path, urls: dict[str, str], languages: Sequence[str], say: Say) -> None:
    """Fetches the archives of `urls` that `source` lacks, and writes `target`. No `languages` means all.

    Raises `InputError` and `FetchError`; `target` is not there then.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is there and not empty: give a new folder to write to")
    if not urls and not source.is_dir():
        raise InputError(f"{source} does not exist: give the folder with {' and '.join(ARCHIVES)}")
    for name, url in urls.items():
        if _is_missing(source, name):
            say(f"fetching {url}")
            fetch(url, source / name)
    sources = _sources(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        for name, found in sorted(sources.items()):
            _write(found, folder / name, languages, say)
        names = [path.name for path in folder.iterdir()]
        if not names:
            raise InputError(f"{source} has no pairs in {', '.join(languages)}: name other languages")
        write_checksums(folder, names)
        folder.chmod(0o755)
        # An empty folder may be in the way, and only that.
        folder.replace(target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    say(f"{target}: {len(names)} tables and {NAME}")


def _is_missing(source: Path, name: str) -> bool:
    """Whether neither an archive nor what it holds is there."""
    if (source / name).is_file():
        return False
    tables = find_tables(source) if source.is_dir() else {}
    holds_training = name == "XNLI-MT-1.0.zip"
    return not any((TRAIN.fullmatch(table) is not None) == holds_training for table in tables)


def _sources(source: Path) -> dict[str, Source]:
    """All tables by name: those lying there, and those in archives. Raises `InputError` when there is none for sure."""
    found = {name: Source(path) for name, path in find_tables(source).items()}
    for archive in sorted(source.glob("*.zip")):
        found = members(archive, is_wanted) | found
    if not {DEV, TEST} & set(found):
        raise InputError(
            f"{source} has neither {DEV} nor {TEST}, in folders or in zip archives; put XNLI-1.0.zip there"
        )
    return found


def _write(found: Source, path: Path, languages: Sequence[str], say: Say) -> None:
    """Writes the tidy form of one table, unless it would have no rows."""
    match = TRAIN.fullmatch(path.name)
    if match and languages and match[1] not in languages:
        return
    counts = Counts()
    rows = table_rows(str(found), MULTINLI if match else XNLI, found.lines())
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines("\t".join(row.cells) + "\n" for row in _tidy(rows, languages, counts))
    if counts.kept == 0:
        path.unlink()
        return
    say(f"{path.name}: {counts}")


def _tidy(rows: Iterator[Row], languages: Sequence[str], counts: Counts) -> Iterator[Row]:
    """The rows to keep, with their texts and labels as they should be."""
    for row in rows:
        if row.is_header:
            yield row
            continue
        if languages and "lang" in row.places and row["lang"].strip() not in languages:
            continue
        label = row["label"].strip()
        texts = {key: row[key].strip().strip('"').strip() for key in ("one", "two")}
        if label not in MEANING or not all(texts.values()):
            counts.left_out += 1
            continue
        counts.kept += 1
        counts.unquoted += any(texts[key] != row[key].strip() for key in texts)
        for key, value in {**texts, "label": LABELS[MEANING[label]]}.items():
            row.cells[row.places[key]] = value
        yield row


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0, 1 when something cannot be fetched or written, 2 for unusable input, or 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    urls = {} if arguments.no_fetch else {"XNLI-1.0.zip": arguments.xnli_url, "XNLI-MT-1.0.zip": arguments.mt_url}
    languages = [name.strip() for name in arguments.language.split(",") if name.strip()]
    try:
        prepare(Path(arguments.source), Path(arguments.target), urls, languages, lambda line: print(line, flush=True))
    except InputError as error:
        print(f"prepare_xnli: {error}", file=sys.stderr)
        return 2
    except (FetchError, OSError) as error:
        print(f"prepare_xnli: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trainers.prepare_xnli",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", help="folder of the downloads, zipped or not")
    parser.add_argument("target", metavar="TARGET", help="folder to write, which is not there yet")
    parser.add_argument("--language", default="", metavar="CODES", help="only these languages, e.g. en,sw")
    parser.add_argument("--no-fetch", action="store_true", help="make do with what is in SOURCE")
    for name, key in (("XNLI-1.0.zip", "--xnli-url"), ("XNLI-MT-1.0.zip", "--mt-url")):
        text = f"where {name} is fetched from: {ARCHIVES[name]} (default: %(default)s)"
        parser.add_argument(key, default=f"{HOST}/{name}", metavar="URL", help=text)
    return parser


if __name__ == "__main__":
    sys.exit(main())
