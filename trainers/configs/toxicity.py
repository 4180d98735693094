"""Settings of the toxicity trainer and the check of its data."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.configs.torch_config import TorchConfig
from trainers.contract import Goal, Trainer, option
from trainers.data.augmentation import HOW
from trainers.models.pretrained import PRELOAD, SMALL, check_model

METRICS: dict[str, Goal] = {"auc": "maximize", "mcc": "maximize", "accuracy": "maximize", "loss": "minimize"}


@dataclass(frozen=True, kw_only=True)
class ToxicityConfig(TorchConfig):
    """An encoder, the mean and maximum of its token vectors, and a layer with two logits and five auxiliary ones."""

    epochs: float = option(2.0, "passes over the training data; fractions work", low=0.0)
    model: str = option(
        SMALL, "small learns from nothing; else a transformers encoder or folder, e.g. xlm-roberta-large"
    )
    tokens: int | None = option(
        None, "tokens read of each comment; none takes 48 for small and 224 for others", low=4, high=8_192
    )
    dropout: float = option(0.3, "dropout before the last layer", low=0.0, high=0.95)
    smoothing: float = option(
        0.1, "label smoothing: a label of 1 becomes 1 minus this, one of 0 this", low=0.0, high=0.49
    )
    aux_weight: float = option(0.2, "weight of the auxiliary labels' loss", low=0.0, high=100.0)
    lr: float | None = option(
        None,
        "learning rate of AdamW; none takes 1e-3 for small and 5e-6 for others",
        low=0.0,
        high=10.0,
        steerable=True,
    )
    lr_scaling: str = option("processes", "what the learning rate is multiplied by", choices=("processes", "none"))
    weight_decay: float = option(
        0.001, "weight decay of AdamW, not of biases and norms", low=0.0, high=10.0, steerable=True
    )
    scheduler: str = option("plateau", "course of the learning rate", choices=("none", "cosine", "linear", "plateau"))
    warmup: float = option(0.1, "share of the steps in which a linear course rises", low=0.0, high=1.0)
    plateau_factor: float = option(0.7, "what the rate is multiplied by on a plateau", low=0.01, high=0.99)
    plateau_patience: int = option(0, "evaluations in a row without gain that are no plateau yet", low=0, high=1_000)
    monitor: str = option("auc", "the metric that decides what is best and what is a plateau", choices=tuple(METRICS))
    batch_size: int = option(16, "comments per step and process", low=2, high=65_536)
    balance: str = option(
        "label+lang",
        "what a pass has equally many of, by leaving out the rest",
        choices=("label+lang", "label", "none"),
    )
    clean: str = option(
        "urls,users,hashtags,numbers,quotes,duplicates",
        "what is taken out of comments: some of these, or none; training with augment does each 95 times in 100",
    )
    augment: str = option(
        "none", "lines around short comments, often, and with low around longer ones, too", choices=HOW
    )
    mix: bool = option(False, "augmenting may put toxic lines around a harmless comment, which is toxic then")
    supplement: bool = option(False, "augmenting also takes toxic lines from the training comments")
    tune_epochs: int = option(
        0, "passes over the validation comments at the end, which are never ranked", low=0, high=100
    )
    predict: bool = option(True, "write a submission for the test comments, if there are any")
    train_file: str = option("", "training table in the data folder; empty takes the first that is known")
    languages: str = option("", "languages to train and validate on, e.g. es,it; empty takes all")
    folds: int = option(5, "folds of the labelled comments where there is no validation.csv", low=2, high=1_000)
    fold: int = option(0, "the fold that is validated on then, counted from 0", low=0, high=999)
    num_workers: int = option(0, "processes that load batches beside the training process", low=0, high=256)

    @property
    def length(self) -> int:
        """The tokens that are read."""
        return self.tokens or (48 if self.model == SMALL else 224)

    @property
    def rate(self) -> float:
        """The learning rate of one process."""
        if self.lr is not None:
            return self.lr
        return 1e-3 if self.model == SMALL else 5e-6

    def ineffective(self) -> dict[str, str]:
        """What other settings leave without effect."""
        reasons: dict[str, str] = {}
        if self.augment == "none":
            reasons |= dict.fromkeys(("mix", "supplement"), "comments are not augmented")
        if self.scheduler != "linear":
            reasons["warmup"] = "only a linear course rises"
        if self.scheduler != "plateau":
            reasons |= dict.fromkeys(("plateau_factor", "plateau_patience"), "the course does not look for a plateau")
        return reasons


def check(config: ToxicityConfig) -> None:
    """Reads all tables and deals the folds. Raises `InputError`; does not load torch."""
    from trainers.data.cleaning import steps_named
    from trainers.data.toxicity import load_toxicity

    steps_named(config.clean)
    check_model(config.model)
    load_toxicity(config)


TRAINER = Trainer(
    name="toxicity",
    summary="tells toxic comments from others in any language (ROC-AUC), and writes a submission",
    config=ToxicityConfig,
    metrics=METRICS,
    recipe="trainers.toxicity:train",
    check=check,
    preload=("torch", "pandas", *PRELOAD, "trainers.toxicity"),
)
