"""Output without its secrets: however it is cut into pieces, live, and every other byte as it was."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from builders import Recorder
from pasted import CANARY, SECRETS, VALUES

from cockpit.engine.masking import Masks
from cockpit.engine.redacting import BLOCK, MOST_HELD, Masker, Redactor
from cockpit.events.redaction import MARK, redacted
from cockpit.store.reader import Index

LINE = b"Train Step 1, loss: 0.5, lr: 5e-06\n"
BAR = "\r".join(f" {n}%|██  | {n}/100 [00:0{n}<00:09, 1.5it/s]" for n in range(5)).encode()
TOKEN = f"ghp_{CANARY}"


def through(redactor: Redactor, *pieces: bytes) -> bytes:
    return b"".join([*(redactor.feed(piece) for piece in pieces), redactor.rest()])


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_left_out_wherever_the_output_is_cut(name: str) -> None:
    data = f"before\n{SECRETS[name][0]}\n".encode() + LINE
    whole = through(Redactor(), data)
    assert whole.startswith(b"before\n")
    assert MARK.encode() in whole
    assert not any(value.encode() in whole for value in VALUES)
    for cut in range(len(data)):
        out = through(Redactor(), data[:cut], data[cut:])
        assert not any(value.encode() in out for value in VALUES), cut
        assert out.startswith(b"before\n")


def test_one_byte_at_a_time_changes_no_more() -> None:
    data = LINE + f"export HF_TOKEN={TOKEN}\n".encode() + BAR + LINE
    out = through(Redactor(), *(data[place : place + 1] for place in range(len(data))))
    assert out == LINE + f"export HF_TOKEN={MARK}\n".encode() + BAR + LINE


def test_output_without_secrets_is_byte_for_byte_the_same_and_does_not_wait() -> None:
    generator = random.Random(3)
    noise = bytes(generator.randrange(256) for _ in range(50_000))
    for data in (
        LINE * 100,
        BAR,
        noise,
        "学習 ステップ 1\n".encode(),
        b"Tokens per Sec: 2505.8 max_tokens: 128\n",
        b"no end",
    ):
        redactor, out = Redactor(), b""
        for place in range(0, len(data), 997):
            out += redactor.feed(data[place : place + 997])
        assert out + redactor.rest() == data
    redactor = Redactor()
    assert redactor.feed(BAR) == BAR
    assert redactor.feed(b"...") == b"..."
    assert redactor.feed(b"tok") == b"tok"


def test_a_line_that_hints_at_a_secret_waits_for_its_end_only() -> None:
    redactor = Redactor()
    assert redactor.feed(b"30 tokens") == b"30 "
    assert redactor.feed(b"/s\r") == b"tokens/s\r"
    assert redactor.feed(b"token of love") == b""
    assert redactor.rest() == b"token of love"


def test_an_endless_line_does_not_wait_for_ever() -> None:
    redactor = Redactor()
    out = redactor.feed(b"keys: " + b"x" * (MOST_HELD + 1))
    assert len(out) > MOST_HELD
    assert redactor.feed(b"." * 10) == b"." * 10
    begun = b"-----BEGIN RSA PRIVATE KEY-----\n"
    assert through(Redactor(), begun, b"a\n" * MOST_HELD, LINE).endswith(LINE)


class TestMasker:
    def test_secrets_are_overwritten_where_they_stand(self, tmp_path: Path) -> None:
        path = tmp_path / "output.log"
        masker = Masker(path)
        data = LINE + f"HF_TOKEN={TOKEN} and on\n".encode() + LINE
        path.write_bytes(data)
        masker.look()
        assert path.read_bytes() == data.replace(TOKEN.encode(), MARK.ljust(len(TOKEN)).encode())
        assert redacted(path.read_text()) == path.read_text()

    def test_a_growing_file_is_followed_and_a_half_written_secret_waits(self, tmp_path: Path) -> None:
        path = tmp_path / "output.log"
        masker = Masker(path)
        text = f"one\ntoken {TOKEN}\ntwo\r{TOKEN}".encode()
        with path.open("ab", buffering=0) as writer:
            for place in range(len(text)):
                writer.write(text[place : place + 1])
                masker.look()
        assert path.read_bytes().count(TOKEN.encode()) == 1  # the one that may go on
        masker.look(last=True)
        assert CANARY not in path.read_text()
        assert len(path.read_bytes()) == len(text)

    def test_blocks_cut_no_secret(self, tmp_path: Path) -> None:
        path = tmp_path / "output.log"
        for before in (BLOCK - 10, BLOCK - len(TOKEN), BLOCK, 2 * BLOCK - 3):
            for filler in (b"x", LINE):
                data = (filler * (before // len(filler) + 1))[: before - 1] + f" {TOKEN} \n".encode()
                path.write_bytes(data)
                Masker(path).look(last=True)
                assert CANARY.encode() not in path.read_bytes(), before
                assert path.stat().st_size == len(data)

    def test_no_other_byte_changes(self, tmp_path: Path) -> None:
        path = tmp_path / "output.log"
        data = bytes(range(256)) * 100 + BAR + LINE
        path.write_bytes(data)
        Masker(path).look(last=True)
        assert path.read_bytes() == data


def test_the_files_of_trials_and_the_engines_log_are_looked_after(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.start(0)
    recorder.trial(1, [0.5])
    run = recorder.run
    files = [run.engine_log, *(run.trial(trial).path / name for trial in ("t000", "t001") for name in (
        "output.log", "output.rank1.log", "program.jsonl"))]  # fmt: skip
    for path in files:
        path.write_text(f"{TOKEN}\n")
    with Index(run) as index:
        masks = Masks(run)
        masks.look(index.trials())
        assert not [path for path in files if CANARY in path.read_text()]
        with files[1].open("a") as file:
            file.write(f"its last word: {TOKEN}")
        masks.look(index.trials(), last=True)
    assert not [path for path in files if CANARY in path.read_text()]
