"""Settings of the audio tagging trainer and the check of its data."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.configs.torch_config import TorchConfig
from trainers.contract import Goal, InputError, Trainer, option

METRICS: dict[str, Goal] = {"lwlrap": "maximize", "lrap": "maximize", "loss": "minimize"}
# Shares of a smaller alpha are all 0, 1 or, where floats give out, a half.
LEAST_ALPHA = 0.001
LOSSES = ("bce", "bce+minmax", "bce+minmax-detached", "focal")


@dataclass(frozen=True, kw_only=True)
class AudioConfig(TorchConfig):
    """Log-mel spectrograms, a network of convolutions that sees them as pictures, and one logit for each class.

    The values of the Freesound notes are rate 44100, n_fft 1764, hop 220, mels 64, seconds 15, db_low -10, db_high 120,
    normalise fixed with centre 1.0 and spread 2.5, model resnet34. The defaults are for short clips and two cores.
    """

    epochs: float = option(16.0, "passes over the training data; fractions work", low=0.0)
    model: str = option(
        "small", "small has four layers of convolutions; resnet34 is the large one", choices=("small", "resnet34")
    )
    head: str = option(
        "linear",
        "what comes behind pooling: one linear layer, or one of 128 with dropout before another",
        choices=("linear", "dropout", "prelu"),
    )
    lr: float = option(4e-3, "learning rate of AdamW", low=0.0, high=10.0, steerable=True)
    weight_decay: float = option(
        0.01, "weight decay of AdamW, not of biases and norms", low=0.0, high=10.0, steerable=True
    )
    scheduler: str = option("cosine", "course of the learning rate", choices=("none", "cosine", "linear"))
    warmup: float = option(0.1, "share of the steps in which a linear course rises", low=0.0, high=1.0)
    loss: str = option(
        "bce",
        "binary cross-entropy, that and the same of min-max scaled logits, or focal; the scaled part has no gradient "
        "when detached",
        choices=LOSSES,
    )
    mixup: float = option(
        0.0, "alpha of mixup, whose shares are of Beta(alpha, alpha); 0 turns it off", low=0.0, high=1_000.0
    )
    sampler: str = option(
        "none", "balanced draws clips of rare classes more often, with replacement", choices=("none", "balanced")
    )
    batch_size: int = option(16, "clips per step and process", low=2, high=65_536)
    noisy: bool = option(True, "train on the noisy clips, too, where there are any")
    validate_noisy: bool = option(False, "hold out noisy clips, too, and report them apart; they are never ranked")
    full_length: bool = option(False, "validate on whole clips, one at a time, and not on their first window")
    predict: bool = option(True, "write a submission for the test clips, if there are any")
    rate: int = option(8_000, "samples a second that all clips are brought to", low=1_000, high=192_000)
    n_fft: int = option(256, "samples of a Fourier transform", low=16, high=65_536)
    hop: int = option(80, "samples from one transform to the next", low=1, high=65_536)
    mels: int = option(40, "mel bands", low=4, high=512)
    seconds: float = option(1.0, "length of the window that is seen of a clip in training", low=0.05, high=600.0)
    db_low: float = option(-40.0, "what is more silent is as silent as this, in dB", low=-100.0, high=200.0)
    db_high: float = option(80.0, "what is louder is as loud as this, in dB", low=-100.0, high=200.0)
    normalise: str = option(
        "clip",
        "clip: every clip has mean 0 and deviation 1; fixed: (dB - centre) / spread",
        choices=("clip", "fixed"),
    )
    centre: float = option(1.0, "dB that become 0 when normalise is fixed", low=-200.0, high=200.0)
    spread: float = option(2.5, "dB that become 1 when normalise is fixed", low=0.001, high=200.0)
    cache: str = option("", "folder for spectrograms; empty takes the user's cache folder, none keeps them in memory")
    folds: int = option(5, "folds of the training clips", low=2, high=1_000)
    fold: int = option(0, "the fold that is validated on, counted from 0", low=0, high=999)
    num_workers: int = option(0, "processes that load batches beside the training process", low=0, high=256)

    def ineffective(self) -> dict[str, str]:
        """What other settings leave without effect."""
        reasons: dict[str, str] = {}
        if self.scheduler != "linear":
            reasons["warmup"] = "only a linear course rises"
        if self.normalise != "fixed":
            reasons |= dict.fromkeys(("centre", "spread"), "clips are normalised one by one")
        if not self.data:
            reasons |= dict.fromkeys(("noisy", "validate_noisy"), "the built-in clips are all curated")
            reasons |= {"predict": "there are no built-in test clips", "cache": "the built-in clips are no files"}
        return reasons


def check(config: AudioConfig) -> None:
    """Reads the tables, the headers of all sound files and some of the files. Raises `InputError`; loads no torch."""
    from trainers.data.audio import load_audio
    from trainers.data.audio_files import check_sounds
    from trainers.data.mel import check_settings

    if 0 < config.mixup < LEAST_ALPHA:
        raise InputError(f"mixup = {config.mixup:g} is too small to be drawn with: give 0 or at least {LEAST_ALPHA:g}")
    check_settings(config)
    found = load_audio(config)
    for clips in found.labelled:
        check_sounds(clips.sounds, silent=False)
    if found.test is not None:
        check_sounds(found.test.sounds, silent=True)


TRAINER = Trainer(
    name="audio",
    summary="tells which sounds are in a clip, of many classes at once (lwlrap), and writes a submission",
    config=AudioConfig,
    metrics=METRICS,
    recipe="trainers.audio:train",
    check=check,
    preload=("torch", "pandas", "scipy.signal", "soundfile", "trainers.audio"),
)
