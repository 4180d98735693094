from __future__ import annotations

import contextlib
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from trainers import registry
from trainers.data.checksums import NAME
from trainers.data.nli_tables import read_pairs
from trainers.prepare_xnli import main

HEADER = "language\tgold_label\tp1\tp2\tp3\tp4\tsentence1\tsentence2\tgenre\n"


def xnli_row(lang: str, label: str, one: str, two: str) -> str:
    return f"{lang}\t{label}\t\t\t\t\t{one}\t{two}\tletters\n"


DEV = (
    HEADER
    + xnli_row("en", "neutral", '"He came."', 'He said "hi"')
    + xnli_row("sw", "entailment", "Alikuja.", '""Alikuja""')
    + xnli_row("en", "contradiction", "He came.", '" "')
    + xnli_row("en", "-", "He came.", "Who knows.")
)
TRAIN = 'premise\thypo\tlabel\n"A b"\tc\tcontradictory\nd\te\tneutral\nf\tg\tentailment\n'


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """Both archives, with folders in folders as their authors have them."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    with zipfile.ZipFile(folder / "XNLI-1.0.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("XNLI-1.0/xnli.dev.tsv", DEV)
        archive.writestr("XNLI-1.0/xnli.test.tsv", DEV)
        archive.writestr("__MACOSX/XNLI-1.0/._xnli.dev.tsv", b"\x00\x05")
        archive.writestr("XNLI-1.0/README.md", "words")
    with zipfile.ZipFile(folder / "XNLI-MT-1.0.zip", "w") as archive:
        archive.writestr("XNLI-MT-1.0/multinli/multinli.train.sw.tsv", TRAIN)
        archive.writestr("XNLI-MT-1.0/multinli/multinli.train.en.tsv", TRAIN)
        archive.writestr("XNLI-MT-1.0/xnli/xnli.test.sw.en.tsv", "else")
    return folder


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing for the terminal."""

    def do_GET(self) -> None:
        if "torn" not in self.path:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"PK and no more")
        return None


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusal(capsys: pytest.CaptureFixture[str], code: int, *arguments: object) -> str:
    """The one line on standard error with which the command ends, which leaves nothing behind."""
    before = sorted(Path(str(arguments[1])).parent.glob(".*"))
    assert main([str(argument) for argument in arguments]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert sorted(Path(str(arguments[1])).parent.glob(".*")) == before
    return line


def test_archives_become_a_tidy_folder_that_the_trainer_reads(
    downloads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "data" / "nli"
    assert main([str(downloads), str(target), "--no-fetch"]) == 0
    tables = ["multinli.train.en.tsv", "multinli.train.sw.tsv", "xnli.dev.tsv", "xnli.test.tsv"]
    assert sorted(path.name for path in target.iterdir()) == [NAME, *tables]
    out = capsys.readouterr().out
    assert "xnli.dev.tsv: 2 pairs, 2 of them with quotation marks removed, 2 left out" in out
    dev = read_pairs(target / "xnli.dev.tsv")
    assert (dev.premises, dev.hypotheses) == (["He came.", "Alikuja."], ['He said "hi', "Alikuja"])
    assert (target / "multinli.train.sw.tsv").read_text() == TRAIN.replace("contradictory", "contradiction").replace(
        '"', ""
    )
    trainer = registry.find("xnli")
    trainer.check(registry.build_config(trainer, {"data": str(target), "batch_size": 2}))


def test_what_was_unpacked_before_and_single_languages(downloads: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(downloads / "XNLI-MT-1.0.zip") as archive:
        archive.extractall(downloads / "unpacked" / "here")
    (downloads / "XNLI-MT-1.0.zip").unlink()
    target = tmp_path / "nli"
    target.mkdir()
    assert main([str(downloads), str(target), "--no-fetch", "--language", "sw"]) == 0
    assert sorted(path.name for path in target.glob("m*")) == ["multinli.train.sw.tsv"]
    assert read_pairs(target / "xnli.test.tsv").languages == ["sw"]


def test_what_is_missing_is_fetched_once(downloads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "source"
    with served(downloads) as url:
        urls = ["--xnli-url", f"{url}/XNLI-1.0.zip", "--mt-url", f"{url}/XNLI-MT-1.0.zip"]
        assert main([str(source), str(tmp_path / "one"), *urls]) == 0
    assert capsys.readouterr().out.count("fetching") == 2
    for name in ("XNLI-1.0.zip", "XNLI-MT-1.0.zip"):
        assert (source / name).read_bytes() == (downloads / name).read_bytes()
    # Nobody listens there any more.
    assert main([str(source), str(tmp_path / "two"), *urls]) == 0
    assert (tmp_path / "one" / NAME).read_text() == (tmp_path / "two" / NAME).read_text()


def test_without_a_network_it_ends_with_one_line(
    downloads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "source", tmp_path / "nli"
    with served(downloads) as url:
        mt = ["--mt-url", f"{url}/torn.zip"]
        assert "(it ended after 14 of 1000 bytes)" in refusal(
            capsys, 1, source, target, "--xnli-url", f"{url}/XNLI-1.0.zip", *mt
        )
        assert "404" in refusal(capsys, 1, source, target, "--mt-url", f"{url}/nothing.zip")
    line = refusal(capsys, 1, source, target, *mt)
    assert "refused" in line
    assert f"put it at {source / 'XNLI-MT-1.0.zip'}" in line
    assert sorted(path.name for path in source.iterdir()) == ["XNLI-1.0.zip"]
    assert not target.exists()
    assert "is no http or https address" in refusal(capsys, 2, source, target, "--mt-url", "file:///etc/passwd")


@pytest.mark.parametrize("name", ["../xnli.dev.tsv", "/tmp/xnli.dev.tsv", "a/../../b.txt", "..\\x.txt", "C:/x.txt"])
def test_an_archive_with_a_path_outside_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    source = tmp_path / "deep" / "source"
    source.mkdir(parents=True)
    with zipfile.ZipFile(source / "XNLI-1.0.zip", "w") as archive:
        archive.writestr("XNLI-1.0/xnli.test.tsv", DEV)
        archive.writestr(name, DEV)
    assert "outside of its folder" in refusal(capsys, 2, source, tmp_path / "deep" / "nli", "--no-fetch")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["XNLI-1.0.zip"]


def test_other_input_that_cannot_be_used(downloads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, empty = tmp_path / "nli", tmp_path / "empty"
    empty.mkdir()
    assert "does not exist" in refusal(capsys, 2, tmp_path / "nowhere", target, "--no-fetch")
    assert "has neither xnli.dev.tsv nor xnli.test.tsv" in refusal(capsys, 2, empty, target, "--no-fetch")
    assert "has no pairs in xx" in refusal(capsys, 2, downloads, target, "--no-fetch", "--language", "xx")
    assert "is there and not empty" in refusal(capsys, 2, downloads, downloads, "--no-fetch")
    whole = (downloads / "XNLI-1.0.zip").read_bytes()
    (downloads / "XNLI-1.0.zip").write_bytes(whole[: len(whole) // 2])
    assert "is no whole zip archive" in refusal(capsys, 2, downloads, target, "--no-fetch")
    # A byte within the packed text.
    at = whole.index(b"xnli.dev.tsv") + 40
    (downloads / "XNLI-1.0.zip").write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
    assert "cannot be read" in refusal(capsys, 2, downloads, target, "--no-fetch")
