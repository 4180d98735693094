"""What is kept between trainings: found again, never torn, never in the way, and no more than there is room for."""

from __future__ import annotations

import errno
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from trainers.data import cache as caching
from trainers.data import kept_pictures
from trainers.data.batches import Pictures
from trainers.data.cache import Cache, cache_folder
from trainers.data.products import read_products
from trainers.data.tokens import KeptTokens, TextTokens, learn_tokenizer

TEXTS = ["the cat sat", "on the mat", "the dog sat on the cat", "a mat", "dogs and cats"]
NUMBERS = np.arange(12, dtype=np.float32).reshape(3, 4)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_the_folder_is_the_chosen_one_or_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("", "tokens") == tmp_path / "cockpit" / "tokens"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder("", "tokens") == Path.home() / ".cache" / "cockpit" / "tokens"
    assert cache_folder("/some/place", "tokens") == Path("/some/place/tokens")
    assert cache_folder("None", "tokens") is None
    assert not Cache.of("none", "tokens").is_on


@pytest.mark.parametrize("array", [NUMBERS, NUMBERS.astype("u1"), np.zeros((0, 4), np.int32), NUMBERS.T], ids=str)
def test_an_array_is_found_by_its_identity_alone(tmp_path: Path, array: np.ndarray) -> None:
    cache = Cache(tmp_path / "kept")
    assert cache.load((1, "a")) is None
    assert cache.store((1, "a"), array)
    found = Cache(tmp_path / "kept").load((1, "a"))
    assert found is not None and found.dtype == array.dtype and np.array_equal(found, array)
    assert cache.load((1, "b")) is None
    assert cache.load((2, "a")) is None


def test_parts_make_one_array(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.store_parts("parts", (3, 4), "f4", (NUMBERS[:2], NUMBERS[2:]))
    found = cache.load("parts")
    assert found is not None and np.array_equal(found, NUMBERS)


@pytest.mark.parametrize("left", [0, 40, -1])
def test_a_torn_file_is_not_there(tmp_path: Path, left: int) -> None:
    cache = Cache(tmp_path)
    cache.store("it", NUMBERS)
    (file,) = files(tmp_path)
    file.write_bytes(file.read_bytes()[:left])
    assert cache.load("it") is None
    assert cache.store("it", NUMBERS)
    assert cache.load("it") is not None


def test_many_may_write_one_thing_at_once(tmp_path: Path) -> None:
    large = np.arange(300_000)
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda _: Cache(tmp_path).store("it", large), range(4)))
    found = Cache(tmp_path).load("it")
    assert any(kept)
    assert found is not None and np.array_equal(found, large)


def test_a_full_disk_is_said_once_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    cache = Cache(tmp_path / "kept")
    cache.store("before", NUMBERS)
    monkeypatch.setattr("os.fsync", full)
    with pytest.warns(RuntimeWarning, match="No space left on device.*; training goes on without it"):
        assert not cache.store("it", NUMBERS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not cache.store("other", NUMBERS)
    assert cache.load("before") is not None, "what is there is still used"
    assert len(files(tmp_path)) == 1


def test_a_folder_that_cannot_be_written_or_would_be_filled_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.warns(RuntimeWarning, match="nothing more is kept in the cache .*file"):
        assert not Cache(blocked).store("it", NUMBERS)
    monkeypatch.setattr(caching, "SHARE_OF_FREE", 0.0)
    with pytest.warns(RuntimeWarning, match="are too much"):
        assert not Cache(tmp_path).store("it", NUMBERS)


def test_what_was_not_read_for_the_longest_time_makes_room(tmp_path: Path) -> None:
    room = 3 * 4_200  # three of these arrays with their headers
    for number in range(3):
        Cache(tmp_path, room).store(number, np.zeros(4_000, np.uint8))
    for path in files(tmp_path):
        os.utime(path, (1.0, 1.0))
    (foreign := tmp_path / "notes.txt").write_text("somebody else's")
    os.utime(foreign, (0.0, 0.0))
    abandoned = files(tmp_path)[0].with_name(".torn.npy.1.part")
    abandoned.write_bytes(b"")
    os.utime(abandoned, (0.0, 0.0))
    assert Cache(tmp_path, room).load(1) is not None, "which dates it anew"
    Cache(tmp_path, room).store(3, np.zeros(4_000, np.uint8))
    assert [Cache(tmp_path).load(number) is not None for number in range(4)] in ([False, True, True, True], [
        True, True, False, True,
    ])  # fmt: skip
    assert foreign.exists() and not abandoned.exists()


def tokens(texts: list[str], length: int = 6, cache: Cache | None = None) -> TextTokens:
    return TextTokens(learn_tokenizer(texts, 60, cache), length)


class Counting(TextTokens):
    texts = 0

    def __call__(self, texts, seconds=None):  # type: ignore[no-untyped-def]
        self.texts += len(texts)
        return super().__call__(texts, seconds)


def test_tokens_are_made_once_for_all_trainings(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    plain = KeptTokens(tokens(TEXTS), TEXTS)([3, 0])
    for made in (len(TEXTS), 0):
        counting = Counting(tokens(TEXTS).tokenizer, 6)
        counting(TEXTS[:1])  # leaves settings of its own in the tokenizer
        kept = KeptTokens(counting, TEXTS, cache=cache)([3, 0])
        assert counting.texts == 1 + made
        assert kept.keys() == plain.keys()
        assert all(torch.equal(kept[name], plain[name]) and kept[name].dtype == torch.int64 for name in plain)


@pytest.mark.parametrize(
    ("known", "texts", "seconds", "length"),
    [
        (TEXTS, TEXTS[::-1], None, 6),
        (TEXTS, TEXTS, TEXTS, 6),
        (TEXTS, TEXTS, None, 7),
        (TEXTS[:3], TEXTS, None, 6),
        (TEXTS, ["the cat saton", *TEXTS[1:]], None, 6),
    ],
    ids=["order", "pairs", "length", "tokenizer", "text"],
)
def test_other_tokens_are_never_taken_for_these(
    tmp_path: Path, known: list[str], texts: list[str], seconds: list[str] | None, length: int
) -> None:
    cache = Cache(tmp_path)
    KeptTokens(tokens(TEXTS), TEXTS, cache=cache)([0])
    found = KeptTokens(tokens(known, length), texts, seconds, cache)(range(5))
    expected = KeptTokens(tokens(known, length), texts, seconds)(range(5))
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_tokenizer_is_learnt_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path)
    first = learn_tokenizer(TEXTS, 60, cache)
    monkeypatch.setattr("trainers.data.tokens._learnt", None)
    again = learn_tokenizer(TEXTS, 60, cache)
    assert again.backend_tokenizer.to_str() == first.backend_tokenizer.to_str()
    assert torch.equal(TextTokens(again, 9)(TEXTS)["ids"], TextTokens(first, 9)(TEXTS)["ids"])


def test_pictures_are_decoded_once_for_all_trainings(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, cache = read_products(shop).images, Cache(tmp_path / "kept")
    plain = Pictures(images, 16)
    first = Pictures(images, 16, cache=cache)
    monkeypatch.setattr(kept_pictures, "square", None)
    again = Pictures(images, 16, cache_bytes=0, cache=cache)
    assert first.cached and again.cached
    assert torch.equal(first([3, 1]), plain([3, 1])) and torch.equal(again([3, 1]), plain([3, 1]))
    monkeypatch.undo()
    os.utime(images[1], ns=(1, 1))  # type: ignore[arg-type]
    Pictures(images, 16, cache=cache)
    assert len(files(tmp_path / "kept")) == 2, "a picture has changed"
    assert torch.equal(Pictures(images, 8, cache=cache)([2]), Pictures(images, 8)([2])), "another size"


def test_a_broken_picture_is_named_and_nothing_of_it_is_kept(shop: Path, tmp_path: Path) -> None:
    images = read_products(shop).images
    broken = images[5]
    assert isinstance(broken, Path)
    broken.write_bytes(b"no picture")
    with pytest.raises(Exception, match=f"image {broken} cannot be read"):
        Pictures(images, 16, cache=Cache(tmp_path / "kept"))
    assert not files(tmp_path / "kept")
