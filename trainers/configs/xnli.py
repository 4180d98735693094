"""Settings of the inference trainer and the check of its data."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.contract import Goal, Trainer, option
from trainers.models.pretrained import PRELOAD, SMALL, check_model
from trainers.settings.rate_scaling import RateScaling

METRICS: dict[str, Goal] = {"accuracy": "maximize", "loss": "minimize"}


@dataclass(frozen=True, kw_only=True)
class XnliConfig(RateScaling):
    """An encoder of sentence pairs, dropout, and a linear layer with three logits."""

    epochs: float = option(5.0, "passes over the training data; fractions work, e.g. 0.1 of MultiNLI", low=0.0)
    language: str = option("", "languages to train and validate on, e.g. sw or en,sw; empty takes all there are")
    train_language: str = option("", "languages to train on where they are others than those to validate on")
    model: str = option(
        SMALL, "small learns from nothing; else a transformers encoder or folder, e.g. bert-base-multilingual-cased"
    )
    tokens: int | None = option(
        None, "tokens read of each pair; none takes 24 for small on the built-in pairs, else 128", low=8, high=8_192
    )
    dropout: float = option(0.1, "dropout before the last layer", low=0.0, high=0.95)
    lr: float | None = option(
        None,
        "learning rate of AdamW; none takes 1e-3 for small and 5e-5 for others",
        low=0.0,
        high=10.0,
        steerable=True,
    )
    weight_decay: float = option(
        0.01, "weight decay of AdamW, not of biases and norms", low=0.0, high=10.0, steerable=True
    )
    scheduler: str = option("linear", "course of the learning rate", choices=("none", "cosine", "linear"))
    warmup: float = option(0.1, "share of the steps in which a linear course rises", low=0.0, high=1.0)
    clip_norm: float = option(
        1.0, "norm of all gradients together above which they are scaled down to it; 0 leaves them", low=0.0
    )
    batch_size: int = option(32, "pairs per step and process", low=1, high=65_536)
    save_every: int = option(
        1_000, "a checkpoint every so many steps, besides those after evaluations; 0 for none", low=0
    )
    num_workers: int = option(0, "processes that load batches beside the training process", low=0, high=256)

    @property
    def length(self) -> int:
        """The tokens that are read."""
        return self.tokens or (24 if self.model == SMALL and not self.data else 128)

    @property
    def rate(self) -> float:
        """The highest learning rate of the course."""
        if self.lr is not None:
            return self.lr
        return 1e-3 if self.model == SMALL else 5e-5

    @property
    def to_judge(self) -> tuple[str, ...]:
        """The languages that are validated on; none means all."""
        return _names(self.language)

    @property
    def to_train_on(self) -> tuple[str, ...]:
        """The languages that are trained on; none means all."""
        return _names(self.train_language or self.language)

    def ineffective(self) -> dict[str, str]:
        """What other settings leave without effect."""
        return super().ineffective() | ({} if self.scheduler == "linear" else {"warmup": "only a linear course rises"})


def _names(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in words.split(",") if name.strip()))


def check(config: XnliConfig) -> None:
    """Reads all tables. Raises `InputError`; does not load torch."""
    from trainers.data.xnli import load_xnli

    check_model(config.model)
    load_xnli(config)


TRAINER = Trainer(
    name="xnli",
    summary="tells whether a sentence follows from another, contradicts it or neither, in any language (accuracy)",
    config=XnliConfig,
    metrics=METRICS,
    recipe="trainers.xnli:train",
    check=check,
    preload=("torch", *PRELOAD, "trainers.xnli"),
)
