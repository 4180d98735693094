"""`key: value`, `key=value` and `loss 0.35` in lines of no known format, without false alarms on ordinary lines.

A *pair* is a name, `:` or `=`, and a number after which nothing follows but a unit, a separator, the next name or the
end: `Loading data: 100 files` is prose. Without a sign the words epoch, step, iter, loss, acc and lr make a pair,
and the metric asked for.
`epoch`, `step` and their like say where the line stands. A word such as `train`, `[val]` or `Test set:` gives the phase
of what follows it, and so does a name: `val_loss`. Values inside a call (`Adam(lr=0.1)`), an address, a command's
options and a traceback are no pairs.

A line *counts*, and then with all its pairs, when it has one of
- the metric that was asked for;
- a name with a word of a metric: loss, acc, auc, f1, mcc, mae, mse, rmse, ppl, perplexity, iou, dice, bleu, rouge …;
- a step counter (`batch` only as `3/100`: alone it is a size) and a number that is no setting;
- a weaker word (score, map, recall, precision, error, reward) together with a counter or a phase.
Names with a word of a setting (`loss_weight`, `score_threshold`, `best_loss`) are no metrics. Everything else a program
prints (`batch_size: 32`, `lr: 0.001`, dumps of settings, tables of memory, times) says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cockpit.printed.languages import in_english
from cockpit.printed.names import LONGEST_NAME, PHASE_WORD, Wanted, is_setting, phase_of, split_phase, strength
from cockpit.printed.numbers import NUMBER, PLAIN, count, number
from cockpit.printed.reading import Reading, Values

STEP_NAMES = frozenset(
    ("step", "global_step", "iteration", "iter", "itr", "batch", "num_updates", "num_timesteps", "episode")
)
LONGEST_LINE = 4096  # characters that are looked at

_COUNTER = r"global[_ ]step|num_updates|num_timesteps|episode|step|iteration|iter|itr|batch|epoch"
_UNIT = r"(?:\s?(?:%|[mµun]?s|sec(?:onds?)?|min|h|it/s|s/it|[kmg]i?b)(?!\w))?"
_VALUE = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?![\d,])|{NUMBER})"
_TOKEN = re.compile(
    rf"(?<![\w/.@-])(?P<phase>{PHASE_WORD})(?:\s(?:set|split|results?))?\s{{0,4}}(?:[:\])|]|-(?=\s))\s{{0,4}}(?![\d.+-])"
    rf"|(?<![\w/.@-])(?<!best )(?P<counter>{_COUNTER})['\"]?[\s:=#]{{1,8}}\[?\s{{0,8}}(?P<count>{PLAIN})"
    r"(?:\s{0,4}(?:/|of)\s{0,4}(?P<of>\d{1,15}))?(?:\s{0,4}\])?"
    rf"|(?<![\w/.@-])(?P<bare>(?:{PHASE_WORD}[\s_/])?(?:loss|acc(?:uracy)?(?:@?\d)?|lr))\s{{1,8}}(?P<plain>{NUMBER}){_UNIT}"
    rf"|['\"]?\s{{0,8}}[:=]\s{{0,8}}(?P<value>{_VALUE})(?:\s{{0,4}}/\s{{0,4}}(?P<out_of>\d{{1,15}}))?{_UNIT}"
    r"|\[\s{0,8}(?P<done>\d{1,15})\s{0,4}/\s{0,4}(?P<todo>\d{1,15})",
)
_AFTER = re.compile(
    r"\s*(?:$|[,;:|()\[\]{}<>│'\"\t•·]|\.(?:\s|$)|-(?:\s|-|$)|[=*#]{2})|\s{2,}|\s?(?:\+/?-?|±)\s?(?=[\d.])"
    r"|\s[^\W\d][\w./@%-]{0,60}(?: [^\W\d][\w./@%-]{0,30})?(?: ?\([^()]{0,30}\))?['\"]?\s{0,8}[:=]"
    rf"|\s(?:{_COUNTER}|(?:{PHASE_WORD}[\s_/])?(?:loss|acc|accuracy|lr))\s{{1,8}}\[?[\d.]",
)
_HEAD = re.compile(
    rf"(?:[a-z_][\w.]{{0,40}}: )?[\s\[(<*#>=-]{{0,20}}({PHASE_WORD})\b"
    r"(?:\s(?:set|split|results?)\b)?[\])]?(?=[\s|,>]|$)"
)
_NAME = r"[a-z_][\w/@.-]{0,40}"
_EPOCH_STEP = re.compile(r"\s{0,8}\[(?:epoch\s)?(\d{1,9}),\s{0,8}(\d{1,15})\]")
_LEADING_STEP = re.compile(r"\s{0,8}\[(\d{1,15})\]\s")
_WORTH = (  # what a line must have to be looked at; asking costs a hundredth of looking
    "loss", "acc", "auc", "auroc", "auprc", "f1", "beta", "mcc", "mae", "map", "mse", "bce", "nll", "ppl", "perplexity",
    "bpc", "bpb", "iou", "dice", "bleu", "rouge", "wer", "cer", "ndcg", "mrr", "jaccard", "entropy", "kappa", "psnr",
    "ssim", "fid", "elbo", "r2", "score", "err", "recall", "precision", "reward", "return", "cv", "metric", "step",
    "iter", "itr", "batch", "epoch", "episode",
)  # fmt: skip
_SEPARATOR = re.compile(r"[,;|\[\]{}<>│\t•·#!?:=]|\s-{1,3}\s|\s{2,}|^\s*[-*]\s")
_WORD = re.compile(r"[^\W\d][\w./@%+-]*")
_FILLERS = frozenset(("average", "avg", "mean", "final", "current", "running", "the", "new", "epoch"))
_ADDRESS = re.compile(r"\b[A-Za-z][\w+.-]{0,20}://\S+")
_WRAPPED_NUMBER = re.compile(rf"\b(?:tensor|array|(?:np\.)?float\d*)\(\s{{0,8}}({NUMBER})[^()]*\)")
_SUBSET = re.compile(rf"\b({PHASE_WORD}) on '[^']{{1,40}}' subset")  # fairseq
_PIECE = re.compile(
    rf"(?<=[|,])(\s{{1,4}}(?!(?:{_COUNTER})\b){_NAME}(?: {_NAME}){{0,3}})\s{{1,4}}"
    rf"(?={NUMBER}\s{{0,4}}(?:\([^()]{{0,30}}\)\s{{0,4}})?(?:[|,]|$))"
)
_DATA_SET = re.compile(  # of LightGBM (`valid_0's auc`, `training's auc`) and XGBoost (`validation_0-rmse`)
    rf"(?<![\w-])({PHASE_WORD})(?:_(\d{{1,3}}))?(?:'s |(?<=\d)-)(?=[a-z])([\w@-]{{1,40}})(?=:)"
)
_AGGREGATED = re.compile(r"\bcv_agg's (?:(train|valid) )?")  # LightGBM's means over folds
_CALL = re.compile(r"(?<=\w)\([^()]*(?:\)|$)")


@dataclass(slots=True)
class _Scan:
    """What has been found so far in a line of small letters, from left to right."""

    phase: str | None = None
    step: int | None = None
    total: int | None = None
    epoch: int | None = None
    from_one: bool = False
    time: float | None = None
    alone: bool = False  # a `batch` without a total, which may be a size, or a number in brackets
    values: list[tuple[str | None, str, float]] = field(default_factory=list)

    def count(self, name: str, done: int | None, total: int | None) -> None:
        name = name.replace(" ", "_")
        if done is None:
            return
        if name == "epoch":
            self.epoch, self.from_one = done, total is not None
        elif self.step is None or name in ("global_step", "step"):
            self.step, self.total = done, total
            self.alone = name == "batch" and total is None


def read(text: str, wanted: Wanted) -> Reading | None:
    """The pairs of a line that counts, or its counters alone when it has nothing else; None for ordinary lines."""
    text = in_english(text[:LONGEST_LINE].lower())
    if not any(word in text for word in _WORTH) and not wanted.is_mentioned(text):
        return None
    scan = _scan(_with_signs(_without_calls(wanted.signed(text))))
    if scan.values and _counts(scan, wanted):
        return _reading(scan)
    if not scan.values and (scan.epoch is not None or (scan.phase and scan.step is not None)):
        return Reading(form="heading", phase=scan.phase, epoch=scan.epoch, from_one=scan.from_one)
    return None


def values_in(text: str) -> Values:
    """All pairs of a piece of a line that is known to hold values."""
    return _named(_scan(_without_calls(text[:LONGEST_LINE].lower())))[1]


def _reading(scan: _Scan) -> Reading:
    phase, values = _named(scan)
    return Reading(
        form="pairs", values=values, phase=phase, step=scan.step, total=scan.total, epoch=scan.epoch,
        from_one=scan.from_one, time=scan.time,
    )  # fmt: skip


def _named(scan: _Scan) -> tuple[str | None, Values]:
    """The phase of all values, or none and their phases in their names: `Train: loss 0.5 | Val: loss 0.4`."""
    phases = {phase for phase, _, _ in scan.values}
    if len(phases) == 1:
        return phases.pop(), tuple((name, value) for _, name, value in scan.values)
    return None, tuple(
        (name if phase is None or split_phase(name)[0] else f"{phase}_{name}", value)
        for phase, name, value in scan.values
    )


def counts(names: list[str], has_step: bool, has_place: bool, wanted: Wanted) -> bool:
    """The rule for lines that count. `has_place`: the line says a step, an epoch or a phase."""
    if any(wanted.is_named(name) for name in names):
        return True
    strongest = max(map(strength, names), default=0)
    if strongest == 2 or (strongest == 1 and has_place):
        return True
    return has_step and any(not is_setting(name) for name in names)


def _counts(scan: _Scan, wanted: Wanted) -> bool:
    has_step = scan.step is not None and (not scan.alone or scan.epoch is not None)
    has_place = has_step or scan.epoch is not None or scan.phase is not None
    return counts([name for name, _ in _named(scan)[1]], has_step, has_place, wanted)


def _without_calls(text: str) -> str:
    if "'s " in text or "valid" in text:
        text = _AGGREGATED.sub(lambda found: f"{found[1] or 'valid'}_", text)
        text = _DATA_SET.sub(_as_phase, text)
    if "://" in text:
        text = _ADDRESS.sub(" ", text)
    if "(" in text:
        text = _CALL.sub("", _CALL.sub("", _WRAPPED_NUMBER.sub(r"\1", text)))
    return text


def _with_signs(text: str) -> str:
    """Colons in pieces between bars or commas that are a name and a number: `| ppl 322.7 |`, `, num pairs 63, `."""
    if "' subset" in text:
        text = _SUBSET.sub(r"\1", text)
    if "|" in text or "," in text:
        text = _PIECE.sub(r"\1: ", text)
    return text


def _as_phase(found: re.Match[str]) -> str:
    """The metric of a booster's data set with its phase before and its number behind: `valid_auc_1`."""
    number = f"_{found[2]}" if found[2] and int(found[2]) else ""
    return f"{found[1]}_{found[3]}{number}"


def _scan(text: str) -> _Scan:
    scan, start = _Scan(), 0
    head = _EPOCH_STEP.match(text) or _LEADING_STEP.match(text)
    if head:
        scan.step, start = int(head[head.re.groups]), head.end()
        scan.epoch = int(head[1]) if head.re.groups == 2 else None
        scan.alone = scan.epoch is None
    head = _HEAD.match(text, start)
    if head and not text.startswith(("=", ":"), head.end()):
        scan.phase, start = phase_of(head[1]), head.end()
    for token in _TOKEN.finditer(text, start):
        _take(scan, token, text[start : token.start()])
        start = token.end()
    return scan


def _take(scan: _Scan, token: re.Match[str], before: str) -> None:
    if token["phase"]:
        scan.phase = phase_of(token["phase"])
    elif token["done"]:
        if scan.epoch is not None and scan.step is None:
            scan.step, scan.total = int(token["done"]), int(token["todo"])
    elif _AFTER.match(token.string, token.end()):
        if token["counter"]:
            scan.count(token["counter"], count(token["count"]), count(token["of"]) if token["of"] else None)
        elif token["bare"]:
            _add(scan, token["bare"], number(token["plain"]))
        else:
            _add_signed(scan, token, before)


def _add_signed(scan: _Scan, token: re.Match[str], before: str) -> None:
    value = number(token["value"])
    if value is not None and token["out_of"]:
        value = value / int(token["out_of"]) if int(token["out_of"]) else value
    _add(scan, _SEPARATOR.split(before.rstrip())[-1], value)


def _add(scan: _Scan, words: str, value: float | None) -> None:
    name = _name(words)
    if not name or value is None:
        return
    if name in STEP_NAMES:
        scan.count(name, count(value), None)
    elif name in ("time", "elapsed"):
        scan.time = value
    elif name != "eta":
        scan.values.append((scan.phase, name, value))


def _name(words: str) -> str:
    """A name as it is kept: small letters, `_` between words, without fillers such as `average`. Empty: no name."""
    parts = re.sub(r"\([^()]*\)", " ", words).strip(" '\"").split()
    kept: list[str] = []
    for part in parts[-8:]:
        kept = [*kept, part] if _WORD.fullmatch(part) else []
    meaningful = [part for part in kept if part not in _FILLERS] or kept[-1:]
    if len(meaningful) > 4:
        meaningful = meaningful[-1:]
    name = "_".join(meaningful)
    return name if len(name) <= LONGEST_NAME else ""
