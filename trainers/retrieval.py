"""Judges embeddings by retrieval on held-out groups, keeps them, and finds the matches of test postings by them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from trainers.contract import Scalar
from trainers.data.batches import Batch
from trainers.data.products import Products
from trainers.devices.base import Device
from trainers.files import write_atomically
from trainers.match_submission import MOST, SUBMISSION, write_matches
from trainers.metrics.accuracy import mean_interval
from trainers.metrics.matches import find_matches
from trainers.metrics.merging import merge, title_keys
from trainers.metrics.row_f1 import Retrieved, f1_of, group_sizes, retrieve, row_f1
from trainers.metrics.similarity import THRESHOLDS, Similarity
from trainers.models.matcher import Matcher
from trainers.prediction import outputs_of
from trainers.view import PLAIN, View

FUSED = "fused"
MERGES = ("phash", "title")
_COLUMNS = ("posting_id", "label_group", "image_phash", "title")


@dataclass(frozen=True)
class Scoring:
    """How embeddings are compared, and of how many candidates the score is reported besides.

    `at_least` matches are given to each posting of a submission, and those that share what `merged` names.
    """

    distance: str = "cosine"
    galleries: tuple[int, ...] = ()
    at_least: int = 1
    merged: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gallery:
    """Postings among which matches are looked for. `batches` have their rows in their order and without labels.

    An embedding that has seen its label finds its group by cheating.
    """

    products: Products
    batches: DataLoader[Batch]

    def keys(self, merge_by: str) -> Sequence[str]:
        """What postings share that are merged by this; empty where nothing is known."""
        return title_keys(self.products.titles) if merge_by == "title" else self.products.hashes


class Retrieval:
    """Row F1 of a model's embeddings of the `valid` postings, and a submission for the `test` ones if there are any.

    All processes share the work of embedding. What is made of the embeddings, and written, is the first one's to make:
    counting pairs takes all cores of a host already.
    """

    def __init__(
        self,
        model: Matcher,
        valid: Gallery,
        device: Device,
        scoring: Scoring,
        test: Gallery | None = None,
        precision: str = "fp32",
    ) -> None:
        self._model = model
        self._valid = valid
        self._test = test
        self._device = device
        self._precision = precision
        self._scoring = scoring
        labels = np.array(valid.products.label_groups)
        self._groups = torch.from_numpy(np.unique(labels, return_inverse=True)[1])
        self._embeddings: dict[str, Tensor] = {}
        self._threshold = 1.0

    @property
    def has_test(self) -> bool:
        """Whether there are test postings to find matches of."""
        return self._test is not None

    def settings(self) -> dict[str, Scalar]:
        """How matches are judged and submitted."""
        scoring = self._scoring
        settings: dict[str, Scalar] = {
            "distance": scoring.distance,
            "galleries": ",".join(map(str, scoring.galleries)) or None,
        }
        if self.has_test:
            settings |= {"at_least": scoring.at_least, "merge": "+".join(scoring.merged) or None}
        return settings

    def evaluate(self, view: View = PLAIN) -> dict[str, float]:
        """`row_f1` with its interval of 95 %, `precision` and `recall` at the best `threshold`, and other ways' row F1.

        Each has the threshold that is best for it, but for the merged ones: those have the first one's. The model is to
        be in evaluation mode.
        """
        self._embeddings = self._embed(self._valid, view)
        return self._device.team.once(self._metrics)

    def _metrics(self) -> dict[str, float]:
        distance = self._scoring.distance
        found = retrieve(self._embeddings[FUSED], self._groups, distance, self._scoring.galleries)
        plain = found.plain
        self._threshold = plain.threshold
        values = {
            "row_f1": plain.row_f1,
            **self._interval(found),
            "precision": plain.precision,
            "recall": plain.recall,
            "threshold": plain.threshold,
            "row_f1_min2": found.at_least_two.row_f1,
        }
        for size, score in found.galleries.items():
            values |= {f"row_f1_at_{size}": score.row_f1, f"threshold_at_{size}": score.threshold}
        for name in MERGES:
            if any(key for key in self._valid.keys(name)):
                values[f"row_f1_{name}"] = self._merged(found, self._valid.keys(name))
        for name, embeddings in self._embeddings.items():
            if name != FUSED:
                values[f"row_f1_{name}"] = row_f1(embeddings, self._groups, distance=distance).row_f1
        return values

    def write(self, folder: Path) -> Mapping[str, Path]:
        """`embeddings.npy`, float32 (rows, dimensions), with the postings beside it in `embeddings.csv`.

        Where the model has them also `embeddings_image.npy` and `embeddings_text.npy`, and with test postings
        `submission.csv`.
        """
        names = {name: "embeddings" if name == FUSED else f"embeddings_{name}" for name in self._embeddings}
        written = {label: folder / f"{label}.npy" for label in names.values()}
        if self._device.team.rank == 0:
            _write_postings(folder / "embeddings.csv", self._valid.products)
            for name, label in names.items():
                _save(written[label], self._embeddings[name])
        if self._test is not None:
            written["submission"] = self._submit(folder / SUBMISSION, self._test)
        return written

    def rehearse(self, folder: str) -> None:
        """Evaluates, and writes all files where the real ones will be and takes them away again."""
        self._model.eval()
        self.evaluate()
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".preflight-", dir=folder or None) as place:
            self.write(Path(place))

    def _interval(self, found: Retrieved) -> dict[str, float]:
        """How far chance may have moved the score: over groups drawn anew, at the same threshold.

        A row's matches stay what they are, since who else is there to be matched is not drawn.
        """
        at = THRESHOLDS[self._scoring.distance].index(found.plain.threshold) - found.neighbours.first
        predicted, hits = found.neighbours.predicted[:, at], found.neighbours.hits[:, at]
        of_rows = f1_of(predicted, hits, group_sizes(self._groups))
        # Device sync where embeddings are on a device.
        low, high = mean_interval(of_rows.cpu().numpy(), self._groups.cpu().numpy())
        return {"row_f1_low": low, "row_f1_high": high}

    def _merged(self, found: Retrieved, keys: Sequence[str]) -> float:
        neighbours = found.neighbours
        number = THRESHOLDS[self._scoring.distance].index(found.plain.threshold)
        level = float(found.similarity.levels(THRESHOLDS[self._scoring.distance])[number])
        at = number - neighbours.first
        predicted, hits = merge(
            found.similarity, self._groups, level, neighbours.predicted[:, at], neighbours.hits[:, at], keys
        )
        return float(f1_of(predicted, hits, group_sizes(self._groups)).mean())

    def _submit(self, path: Path, test: Gallery) -> Path:
        embeddings = self._embed(test)[FUSED]
        if self._device.team.rank == 0:
            similarity = Similarity(embeddings, self._scoring.distance)
            level = float(similarity.levels((self._threshold,))[0])
            keys = [test.keys(name) for name in self._scoring.merged]
            matches = find_matches(similarity, level, self._scoring.at_least, MOST, keys)
            write_matches(path, test.products.posting_ids, matches)
        return path

    def _embed(self, gallery: Gallery, view: View = PLAIN) -> dict[str, Tensor]:
        """All embeddings of a gallery, on the host."""
        return outputs_of(self._model.outputs, gallery.batches, self._device, view, self._precision)


def _write_postings(path: Path, products: Products) -> None:
    hashes = products.hashes or [""] * len(products)
    table = zip(products.posting_ids, products.label_groups, hashes, products.titles, strict=True)
    write_atomically(path, lambda stream: stream.write(_csv([_COLUMNS, *table])))


def _save(path: Path, values: Tensor) -> None:
    write_atomically(path, lambda stream: np.save(stream, values.numpy()))


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
