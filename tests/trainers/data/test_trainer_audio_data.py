"""Tables of clips, folds, sound files, spectrograms kept and windows of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from trainers.configs.audio import AudioConfig, check
from trainers.contract import InputError
from trainers.data import audio_files
from trainers.data.audio import load_audio
from trainers.data.audio_files import at_rate, samples_of
from trainers.data.audio_synthesis import synthetic_clips
from trainers.data.audio_tables import CURATED, read_labels
from trainers.data.cache import Cache
from trainers.data.clip_batches import ClipBatches, ClipOrder, class_balance
from trainers.data.clips import rarest_first
from trainers.data.log_mel import LogMel
from trainers.data.mel import MelSettings
from trainers.data.spectrogram_cache import SpectrogramCache
from trainers.data.spectrograms import Normalisation, Spectrograms, Windows

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "audio_fsdd"
SETTINGS = MelSettings(rate=8_000, n_fft=256, hop=80, mels=8, db_low=-40.0, db_high=80.0)


def settings(folder: Path, **values: object) -> AudioConfig:
    return AudioConfig(data=str(folder), cache="none", batch_size=4, **values)  # type: ignore[arg-type]


def refusal(folder: Path, **values: object) -> str:
    with pytest.raises(InputError) as error:
        check(settings(folder, **values))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_folder_in_freesounds_format_is_read(sounds: Path) -> None:
    found = load_audio(settings(sounds, folds=4))
    assert found.classes == ("Bark", "Drum", "Meow", "Violin_or_fiddle")
    assert found.columns == ("Meow", "Bark", "Violin_or_fiddle", "Drum")
    assert (len(found.train), found.noisy_rows, len(found.valid)) == (18 + 8, 8, 6)
    assert all("curated" in name for name in found.valid.ids)
    assert found.test is not None and found.test.ids == ["test02.wav", "test01.wav", "test00.wav"]
    row = 0
    number = int(found.valid.ids[row][7:9])
    expected = {found.classes[number % 4], found.classes[number % 3]}
    assert {found.classes[column] for column in np.flatnonzero(found.valid.labels[row])} == expected
    assert found.lacking(found.train) == []
    check(settings(sounds, folds=4))


def test_noisy_clips_are_left_out_or_held_out_apart(sounds: Path) -> None:
    assert load_audio(settings(sounds, noisy=False)).noisy_rows == 0
    apart = load_audio(settings(sounds, folds=4, validate_noisy=True))
    assert apart.noisy_valid is not None
    assert (apart.noisy_rows, len(apart.noisy_valid)) == (6, 2)
    assert not set(apart.noisy_valid.ids) & set(apart.train.ids)
    assert load_audio(settings(sounds, folds=4, predict=False)).test is None


def test_every_clip_is_held_out_once_and_rare_labels_are_spread(sounds: Path) -> None:
    held_out = [load_audio(settings(sounds, folds=4, fold=fold)).valid for fold in range(4)]
    assert sorted(name for clips in held_out for name in clips.ids) == sorted(read_labels(sounds / CURATED).names)
    by_class = np.array([clips.labels.sum(0) for clips in held_out])
    assert (by_class.max(0) - by_class.min(0) <= 2).all()
    # The rarest label of the second row comes first, so both rows of it are neighbours.
    labels = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 1, 0], [1, 0, 1]], dtype=np.int8)
    assert rarest_first(labels) == ["000002", "000001 000002", "000002", "000001", "000000 000002"]


def test_what_does_not_fit_in_tables_is_named(sounds: Path) -> None:
    assert "fold = 7 does not exist" in refusal(sounds, fold=7)
    assert "mixup = 1e-06 is too small" in refusal(sounds, mixup=1e-6)
    assert "folds = 30 is more than the 24 clips of train_curated.csv" in refusal(sounds, folds=30)
    table = sounds / "train_curated.csv"
    rows = table.read_text().splitlines()
    table.write_text("\n".join([*rows[:3], rows[3].split(",")[0] + ","]))
    assert f"row 3 ({rows[3].split(',')[0]}) has no label" in refusal(sounds)
    table.write_text("\n".join([*rows[:9], 'curated23.ogg,"Bark,Owl"']))
    assert "row 9 (curated23.ogg) has the label 'Owl', which is no column of sample_submission.csv" in refusal(sounds)
    table.write_text("\n".join([*rows, rows[1]]))
    assert "rows 1 and 25 share fname" in refusal(sounds)
    table.write_text("name,labels\n")
    assert "train_curated.csv" in refusal(sounds)
    table.unlink()
    assert "does not exist: --data needs a folder with train_curated.csv" in refusal(sounds)


def test_test_clips_that_do_not_match_are_named(sounds: Path) -> None:
    (sounds / "test" / "test01.wav").rename(sounds / "test" / "other.wav")
    assert "lacks test01.wav of sample_submission.csv" in refusal(sounds)
    (sounds / "test" / "test01.wav").write_bytes((sounds / "test" / "other.wav").read_bytes())
    assert "has other.wav, which sample_submission.csv lacks" in refusal(sounds)
    (sounds / "test").rename(sounds / "elsewhere")
    assert "has sample_submission.csv and no test/" in refusal(sounds)
    check(settings(sounds, predict=False))


def test_a_class_that_is_never_trained_or_validated_is_said(sounds: Path) -> None:
    """It stays a column: others are told all the same."""
    sample = sounds / "sample_submission.csv"
    header, *rows = sample.read_text().split()
    sample.write_text("\n".join([f"{header},Zither", *(f"{row},0" for row in rows)]))
    found = load_audio(settings(sounds))
    assert found.classes[-1] == "Zither"
    assert found.lacking(found.train) == found.lacking(found.valid) == ["Zither"]


def test_damaged_missing_and_empty_sounds_are_named_before_training(sounds: Path) -> None:
    place = sounds / "train_curated"
    whole = (place / "curated01.flac").read_bytes()
    (place / "curated01.flac").unlink()
    assert "do not exist: curated01.flac" in refusal(sounds)
    (place / "curated01.flac").write_text("no sound")
    assert "are not sounds that can be used: curated01.flac (Format not recognised)" in refusal(sounds)
    (place / "curated01.flac").write_bytes(whole[: len(whole) // 2])
    assert "are damaged or cut short: curated01.flac" in refusal(sounds)
    (place / "curated01.flac").write_bytes(whole)
    soundfile.write(place / "curated00.wav", np.zeros(0), 8_000)
    assert "curated00.wav (no samples)" in refusal(sounds)
    bad = np.array([0.1, np.nan, 0.2], dtype=np.float32)
    soundfile.write(place / "curated00.wav", bad, 8_000, subtype="FLOAT")
    assert "curated00.wav (samples that are no numbers)" in refusal(sounds)
    with pytest.raises(InputError, match=r"sound .*curated00.wav has samples that are no numbers"):
        samples_of(place / "curated00.wav", 8_000)


def test_large_sets_have_all_headers_and_some_files_looked_at(sounds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio_files, "DECODE_ALL", 10)
    monkeypatch.setattr(audio_files, "DECODED_OF_MORE", 2)
    decoded: list[str] = []
    read = soundfile.read
    monkeypatch.setattr(soundfile, "read", lambda path, **how: decoded.append(path.name) or read(path, **how))
    check(settings(sounds, predict=False))
    # Every thirteenth of 27 training clips, and all 5 validation clips.
    assert len(decoded) == 3 + 5
    (sounds / "train_curated" / "curated05.ogg").write_text("no sound")
    assert "curated05.ogg" in refusal(sounds)


def test_channels_are_averaged_and_other_rates_resampled(tmp_path: Path) -> None:
    time = np.arange(16_000) / 16_000
    tone = np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "stereo.wav", np.stack([tone, tone / 2], 1), 16_000, subtype="FLOAT")
    found = samples_of(tmp_path / "stereo.wav", 8_000)
    assert found.shape == (8_000,) and found.dtype == np.float32
    expected = 0.75 * np.sin(2 * np.pi * 440 * np.arange(8_000) / 8_000)
    assert np.abs(found - expected)[100:-100].max() < 0.01
    same = np.ones(5, dtype=np.float32)
    assert at_rate(same, 8_000, 8_000) is same
    assert len(at_rate(np.zeros(44_100, dtype=np.float32), 44_100, 8_000)) == 8_000


def test_made_up_clips_are_the_same_everywhere() -> None:
    classes, clips = synthetic_clips(12)
    assert len(classes) == 10 and list(classes) == sorted(classes)
    assert set(clips.labels.sum(1).tolist()) <= {1, 2, 3}
    assert all(np.isfinite(sound).all() and len(sound) == 8_000 for sound in clips.sounds)
    again = synthetic_clips.__wrapped__(12)[1]
    assert all((one == other).all() for one, other in zip(clips.sounds, again.sounds, strict=True))
    assert clips.fingerprint == again.fingerprint != synthetic_clips(11)[1].fingerprint


def test_a_sound_is_decoded_once_for_all_trainings(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[str] = []
    read = soundfile.read
    monkeypatch.setattr(soundfile, "read", lambda path, **how: decoded.append(path.name) or read(path, **how))
    paths = [sounds / "train_curated" / name for name in ("curated00.wav", "curated02.ogg")]

    def spectrograms(memory: int, hop: int = 80) -> Spectrograms:
        mel = MelSettings(8_000, 256, hop, 8, -40.0, 80.0)
        return Spectrograms(paths, LogMel(mel), SpectrogramCache(Cache(tmp_path / "kept"), mel), memory)

    first = [spectrograms(0)[row] for row in (0, 1)]
    assert len(decoded) == 2
    for memory in (0, 10**6):
        found = spectrograms(memory)
        assert all((found[row] == first[row]).all() for row in (0, 1, 0, 1))
    assert len(decoded) == 2
    spectrograms(0, hop=40)[0]
    assert len(decoded) == 3, "other settings need another spectrogram"
    os.utime(paths[0], ns=(1, 1))
    spectrograms(0)[0]
    assert len(decoded) == 4, "so does a file that has changed"
    for file in (tmp_path / "kept").rglob("*.npy"):
        file.write_bytes(file.read_bytes()[:-3])
    assert (spectrograms(0)[1] == first[1]).all()
    assert len(decoded) == 5, "a torn file is made anew"
    assert not list((tmp_path / "kept").rglob("*.part"))


def test_memory_holds_spectrograms_without_a_cache(sounds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Spectrograms([sounds / "train_curated" / "curated00.wav"], LogMel(SETTINGS), None)
    before = kept[0]
    monkeypatch.setattr(soundfile, "read", None)
    assert kept[0] is before


def test_windows_are_cut_padded_and_normalised() -> None:
    loud = np.random.default_rng(0).normal(size=8_000).astype(np.float32)
    sounds = [loud, loud[:1_000], np.zeros(0, dtype=np.float32)]
    spectrograms = Spectrograms(sounds, LogMel(SETTINGS), None)
    fixed = Windows(spectrograms, 20, Normalisation(10.0, 2.0))
    found = fixed.first([0, 1, 2])["features"]
    assert found.shape == (3, 20, 8)
    assert torch.equal(found[0], (torch.from_numpy(spectrograms[0][:20]).float() - 10) / 2)
    assert torch.equal(found[1, :13], (torch.from_numpy(spectrograms[1]).float() - 10) / 2)
    # Behind a clip that is too short there is silence, and one without samples is nothing else.
    assert (found[1, 13:] == -25).all() and (found[2] == -25).all()
    assert fixed.whole([0])["features"].shape == (1, 101, 8)
    assert fixed.whole([1])["features"].shape == (1, 20, 8)
    rounded = fixed.whole_windows([0])["features"]
    assert rounded.shape == (1, 120, 8)
    assert torch.equal(rounded[:, :101], fixed.whole([0])["features"]) and (rounded[0, 101:] == -25).all()
    assert [fixed.whole_windows([row])["features"].shape[1] for row in (1, 2)] == [20, 20]
    starts = {tuple(fixed.drawn([0], np.random.default_rng(seed))["features"][0, 0].tolist()) for seed in range(20)}
    assert len(starts) > 10
    own = Windows(spectrograms, 20, Normalisation()).whole([0])["features"]
    assert own.mean().abs() < 1e-3 and (own.std() - 1).abs() < 1e-2


def test_a_pass_draws_from_the_order_once_and_windows_follow_from_it() -> None:
    labels = np.eye(4, dtype=np.int8)[np.arange(10) % 4]
    sounds = [np.random.default_rng(row).normal(size=4_000).astype(np.float32) for row in range(10)]
    clips = ClipBatches(Windows(Spectrograms(sounds, LogMel(SETTINGS), None), 10, Normalisation()), labels)

    def batches(skip: int) -> list[dict[str, torch.Tensor]]:
        order = ClipOrder(10, 3, torch.Generator().manual_seed(3))
        order.skip(skip)
        return [clips.__getitems__(places) for places in order]

    whole, rest = batches(0), batches(2)
    assert len(whole) == 3 and len(rest) == 1
    assert torch.equal(whole[2]["features"], rest[0]["features"])
    assert torch.equal(whole[2]["labels"], rest[0]["labels"])


def test_balanced_draws_see_every_class_equally_often() -> None:
    labels = np.zeros((1_000, 3), dtype=np.int8)
    labels[:900, 0] = labels[900:990, 1] = labels[990:, 2] = 1
    weights = class_balance(labels)
    assert weights[[0, 950, 995]] == pytest.approx([1 / 900, 1 / 90, 1 / 10])
    order = ClipOrder(1_000, 10, torch.Generator().manual_seed(0), weights=weights)
    drawn = np.concatenate(list(order))
    assert len(drawn) == 1_000
    assert np.abs(labels[drawn].mean(0) - 1 / 3).max() < 0.05
    both = np.array([[1, 1], [1, 0]], dtype=np.int8)
    assert class_balance(both) == pytest.approx([(1 / 2 + 1) / 2, 1 / 2])


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_spoken_digits_are_read() -> None:
    config = AudioConfig(data=str(SHARED))
    check(config)
    found = load_audio(config)
    assert len(found.classes) == 16
    assert (len(found.train), len(found.valid)) == (240, 60)
    assert (found.valid.labels.sum(0) > 0).all()
