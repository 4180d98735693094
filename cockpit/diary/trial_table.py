"""The trials of an experiment as tables: the most informative ones for its entry, all of them for its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cockpit.diary.facts import Facts
from cockpit.diary.markdown import escaped, table
from cockpit.diary.verdicts import tried
from cockpit.store import ranking
from cockpit.store.numbers import duration_text, metric_text, setting_text
from cockpit.store.rows import TrialRow
from cockpit.store.scores import score_text

MOST_ROWS = 10
MOST_METRICS = 6  # columns beside the ranked one; a page is read on screens, and all are in the index
LONGEST_CELL = 100


def most_informative(facts: Facts) -> list[TrialRow]:
    """Baseline, best, the best of each way of ending, every failure; then the next best. In order of score."""
    by_rank = ranking.ranked(tried(facts), facts.sweep.goal)
    chosen = [trial for trial in (facts.baseline, facts.best) if trial is not None]
    endings: set[str] = set()
    for trial in by_rank:
        ending = trial.reason.partition(":")[0] if trial.status == "pruned" else trial.status
        if ending not in endings or trial.status in ("failed", "diverged", "lost"):
            chosen.append(trial)
        endings.add(ending)
    wanted = list(dict.fromkeys(trial.id for trial in [*chosen, *by_rank]))[:MOST_ROWS]
    return [trial for trial in by_rank if trial.id in wanted]


def entry_table(facts: Facts) -> Iterator[str]:
    """The most informative trials, a row each."""
    metric = _ranked_by(facts)
    told = _told_of(facts)
    epochs = [] if "epochs" in facts.sweep.varied else ["epochs"]
    headings = ["trial", *map(escaped, facts.sweep.varied), *metric, *told, *epochs, "ended"]
    rows = [
        [*_leading(facts, trial, told), *(str(trial.epochs) for _ in epochs), _ending(trial)]
        for trial in most_informative(facts)
    ]
    yield from table(headings, rows, words=("trial", "change", "ended"))


def full_table(facts: Facts) -> Iterator[str]:
    """Every trial, best first, with the other metrics of its best evaluation."""
    names = dict.fromkeys(name for trial in facts.trials for name in trial.best_metrics)
    others = [name for name in names if name != facts.sweep.metric][:MOST_METRICS]
    told = _told_of(facts)
    headings = ["trial", *map(escaped, facts.sweep.varied), *_ranked_by(facts), *told, *map(escaped, others)]
    epochs = "epochs done" if "epochs" in facts.sweep.varied else "epochs"
    headings += ["seed", epochs, "steps", "time", "ended"]
    rows = [_full_row(facts, trial, told, others) for trial in ranking.ranked(facts.trials, facts.sweep.goal)]
    yield from table(headings, rows, words=("trial", "change", "ended"))


def short(text: str, longest: int = LONGEST_CELL) -> str:
    """A text that is cut where it is longer."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _full_row(facts: Facts, trial: TrialRow, told: Mapping[str, Mapping[str, str]], others: Sequence[str]) -> list[str]:
    metrics = [metric_text(trial.best_metrics.get(name)) for name in others]
    took = "—" if trial.seconds is None else duration_text(trial.seconds)
    numbers = [str(trial.seed), str(trial.epochs), str(trial.steps), took]
    return [*_leading(facts, trial, told), *metrics, *numbers, escaped(trial.ending or trial.status)]


def _leading(facts: Facts, trial: TrialRow, told: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Name, varied settings and score, bold for the best trial, and what is told of single trials."""
    label = f" {escaped(trial.label)}" if trial.label not in ("", trial.id) else ""
    name = f"{trial.id}{label}{' ◆' if trial.baseline else ''}"
    cells = [name, *(escaped(setting_text(trial.config.get(key))) for key in facts.sweep.varied)]
    cells += [metric_text(trial.best) for _ in _ranked_by(facts)]
    if facts.best is not None and trial.id == facts.best.id:
        cells = [f"**{cell}**" for cell in cells]
    return [*cells, *(column.get(trial.id, "") for column in told.values())]


def _ranked_by(facts: Facts) -> list[str]:
    """The heading of the score; none where an import has nothing that ranks its runs."""
    return [escaped(facts.sweep.metric)] if facts.sweep.metric else []


def _ending(trial: TrialRow) -> str:
    return escaped(short(trial.ending or trial.status))


def _told_of(facts: Facts) -> dict[str, dict[str, str]]:
    """What only some experiments have of single trials, by heading and trial: leaderboard scores and said changes."""
    scores = {
        score.trial: f"{score_text(score.value)}{' merged' if score.merged else ''}"
        for score in facts.scores
        if score.trial and not score.private
    }
    said = {trial.id: str(trial.extra.get("change") or "") for trial in facts.trials}
    changes = {trial: escaped(short(text)) for trial, text in said.items() if text}
    return {name: column for name, column in (("LB", scores), ("change", changes)) if column}
