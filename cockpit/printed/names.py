"""Names of phases and of metrics, as programs write them."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

LONGEST_NAME = 80

_PHASES = {
    "train": "train", "training": "train", "trn": "train",
    "val": "valid", "valid": "valid", "validation": "valid", "eval": "valid", "evaluation": "valid", "dev": "valid",
    "test": "test", "testing": "test",
    "tune": "tune", "tuning": "tune",
    "prediction": "predict", "predict": "predict",
}  # fmt: skip
PHASE_WORD = r"(?:train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|test(?:ing)?|dev)"

_PREFIX = re.compile(rf"({PHASE_WORD})[_/.\-\s]+(\w.*)", re.IGNORECASE)
_SUFFIX = re.compile(rf"(.*\w)[_/.\-\s]+\(?({PHASE_WORD})\)?", re.IGNORECASE)
_AVERAGED = re.compile(rf"(?:avg|average|mean|epoch)[_ ]({PHASE_WORD})[_/.\-\s]+(\w.*)", re.IGNORECASE)
_HUMPED = re.compile(rf"({PHASE_WORD})([A-Z].*)")
_PARTS = re.compile(r"[a-z]+|\d+")
_STRONG = frozenset((
    "loss", "losses", "acc", "accuracy", "auc", "auroc", "auprc", "f1", "fbeta", "mcc", "mae", "mse", "rmse",
    "mape", "bce", "nll", "ppl", "perplexity", "bpc", "bpb", "iou", "miou", "dice", "bleu", "rouge", "wer", "cer",
    "ndcg", "mrr", "top1", "top5", "jaccard", "xentropy", "entropy", "kappa", "psnr", "ssim", "fid", "elbo", "r2",
))  # fmt: skip
_WEAK = frozenset((
    "score", "scores", "error", "err", "map", "ap", "recall", "precision", "reward", "return", "cv", "metric",
))  # fmt: skip
_ENDINGS = ("loss", "acc", "accuracy")
_NO_MEASUREMENT = frozenset((
    "weight", "weights", "scale", "threshold", "thresholds", "coef", "coefficient", "factor", "lambda", "smoothing",
    "patience", "fn", "function", "type", "every", "interval", "steps", "best", "target", "py", "cc", "cpp", "js",
    "size", "num", "count", "names", "file", "path", "dir",
))  # fmt: skip
_SETTINGS = frozenset((
    "lr", "learning_rate", "batch_size", "bs", "epochs", "seed", "dropout", "weight_decay", "momentum", "workers",
    "num_workers", "gpus", "size", "beta", "warmup", "max_steps",
))  # fmt: skip


def phase_of(word: str) -> str:
    """The phase that a word means; words that mean none are phases of their own, in small letters.

    Of `Tune_Validation` each part is looked up: `tune_valid`.
    """
    return "_".join(_PHASES.get(part, part) for part in word.strip().lower().split("_"))


def is_phase(word: str) -> bool:
    """Whether the word is a known phase."""
    return word.strip().lower() in _PHASES


def is_evaluation(phase: str) -> bool:
    """Whether values of this phase come from an evaluation and not from a training step."""
    return not {"valid", "test"}.isdisjoint(phase.split("_"))


@lru_cache(maxsize=4096)
def split_phase(name: str) -> tuple[str | None, str]:
    """`val_loss` is the `loss` of phase `valid`; so are `val/loss`, `Val loss`, `loss (val)`; `Loss` in `valLoss`.

    Also of `avg_val_loss` it is the `loss`.
    """
    found = _PREFIX.fullmatch(name) or _AVERAGED.fullmatch(name) or _HUMPED.fullmatch(name)
    if found:
        return phase_of(found[1]), found[2]
    found = _SUFFIX.fullmatch(name)
    if found:
        return phase_of(found[2]), found[1]
    return None, name


@lru_cache(maxsize=4096)
def same(name: str) -> str:
    """What is equal for two spellings of one name: small letters, and `/`, `.`, `-` and blanks as `_`."""
    return re.sub(r"[/.\-\s_]+", "_", name.strip().lower())


@lru_cache(maxsize=4096)
def strength(name: str) -> int:
    """2 for a name that only a metric has, 1 for one that is a metric in company (`score`, `precision`), else 0.

    `loss_weight` and `score_threshold` are settings, and `best_loss` repeats what was said before: 0.
    """
    bare = split_phase(name)[1].lower()
    parts = _PARTS.findall(bare)
    joined = {a + b for a, b in pairwise(parts)}
    if not _NO_MEASUREMENT.isdisjoint(parts):
        return 0
    if not _STRONG.isdisjoint(joined.union(parts)) or any(part.endswith(_ENDINGS) for part in parts):
        return 2
    return 0 if _WEAK.isdisjoint(parts) else 1


def is_setting(name: str) -> bool:
    """Whether the name is that of a usual setting."""
    return same(name) in _SETTINGS


class Wanted:
    """The metric that trials are ranked by. Names match whatever stands between their words."""

    def __init__(self, metric: str) -> None:
        self.name = metric.strip()
        self.phase, bare = split_phase(self.name)
        self.key = same(bare)
        self._words = self.key.split("_")
        spelled = r"[/.\-\s_]".join(map(re.escape, self._words))
        self._unsigned = re.compile(
            rf"(?<![\w/.@-])((?:{PHASE_WORD}[/.\-\s_])?{spelled})\s{{1,8}}(?=[-+]?\.?\d|nan\b|inf\b)"
        )

    def matches(self, phase: str | None, bare: str) -> bool:
        """Whether the value `bare` of `phase` is that metric. Without a phase of its own it is so in every phase."""
        return bool(self.key) and same(bare) == self.key and self.phase in (None, phase)

    def is_mentioned(self, text: str) -> bool:
        """Whether `text`, in small letters, may say something about it; quicker than reading it."""
        return bool(self.key) and all(word in text for word in self._words)

    def signed(self, text: str) -> str:
        """`text`, in small letters, with a colon between this metric and a number that follows without a sign."""
        return self._unsigned.sub(r"\1: ", text) if self.is_mentioned(text) else text

    def is_named(self, name: str) -> bool:
        """Whether `name`, as printed, is that metric."""
        return self.matches(*split_phase(name))
