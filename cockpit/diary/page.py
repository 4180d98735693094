"""An entry of the diary as Markdown, from facts alone: the same facts always give the same text."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.diary.change import change_text, gap_text, result_lists, threshold_text
from cockpit.diary.doubts import doubts
from cockpit.diary.effort import commands, cost_text, date_text, took_text
from cockpit.diary.events import events, open_trials
from cockpit.diary.facts import Facts
from cockpit.diary.leaderboard import leaderboard, merged_scores
from cockpit.diary.learning_rate import finding, source
from cockpit.diary.markdown import code, escaped
from cockpit.diary.merges import merges
from cockpit.diary.trial_table import MOST_ROWS, entry_table, short
from cockpit.diary.verdicts import against_baseline, doubt, interval_text, mark, mean_text, tried
from cockpit.store import ranking
from cockpit.store.comparison import norms_text
from cockpit.store.life import LIVE
from cockpit.store.numbers import counted, delta_text, metric_text, setting_text
from cockpit.store.rows import ENDED_EARLY, TrialRow
from cockpit.store.runs import counts_text

REPORT = "report.md"
CURVES, LEARNING_RATE = "curves.png", "learning_rate.png"
MOST_SHARES, MOST_METRICS = 5, 6
FEW_TRIALS = 10  # from fewer, shares say more of chance than of parameters


def entry(facts: Facts) -> str:
    """The text between the markers of one experiment, without them."""
    parts = [heading(facts), change(facts), _trials(facts), _picture(facts), stops(facts), events(facts), doubts(facts)]
    parts += [_measured(facts), last_line(facts), _going_on(facts)]
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part)


def heading(facts: Facts, level: str = "##") -> Iterator[str]:
    """Which experiment, its mark and its question, and how it stands where it is not simply finished."""
    sweep = facts.sweep
    yield f"{level} {escaped(sweep.experiment)} · {escaped(sweep.search)} {mark(facts)}"
    if sweep.question:
        yield ""
        yield escaped(sweep.question)
    if sweep.status == "queued":
        yield ""
        yield f"**queued**{': ' if sweep.reason else ''}{escaped(sweep.reason)}"
    if sweep.status in ENDED_EARLY:
        why = escaped(sweep.reason)
        more = why.removeprefix(sweep.status)  # a sweep that was stopped says "stopped by" whom
        yield ""
        yield f"**{sweep.status}**{': ' if why and why == more else ''}{more}"


def change(facts: Facts, *, whole: bool = False) -> Iterator[str]:
    """What is new, the baseline, the best score, and what that is held against; the `whole` of it for the full page."""
    if facts.rate is not None:  # a learning rate was looked for, which is no step towards a better score
        yield from finding(facts, facts.rate)
        return
    sweep, baseline, best = facts.sweep, facts.baseline, facts.best
    metric = escaped(sweep.metric)
    yield f"**change** {change_text(facts, whole=whole)}  "
    yield from source(facts)
    if baseline is not None:
        yield f"**baseline** {metric} {metric_text(baseline.best)} ({_config(baseline, sweep.varied)})  "
    if best is None:
        yield f"**score** {_no_score(facts)}{_leaderboard(facts)}"
        return
    more = ", ".join(f"{name} {metric_text(value)}" for name, value in _other_metrics(facts).items())
    more = (f" · {escaped(more)}" if more else "") + _leaderboard(facts)
    interval = interval_text(best, sweep.metric)
    settings = f"{_config(best, sweep.varied)}{threshold_text(best)}".removeprefix(", ")
    who = f"{mean_text(facts)}{best.id}{f': {settings}' if settings else ''}"
    yield f"**score** {metric} {metric_text(best.best)}{interval} ({who}){more}  "
    if len(sweep.varied) == 1 or whole:
        yield from (f"**results** {text}  " for _, text in result_lists(facts))
    yield from merged_scores(facts)
    if not sweep.extra.get("rerun_of"):  # whether it came out the same stands among the doubts
        yield f"**against** {_comparisons(facts)}"
    yield from merges(facts)


def _no_score(facts: Facts) -> str:
    if facts.sweep.status in LIVE:
        return "none yet"
    if facts.evaluated and facts.sweep.metric not in facts.evaluated:
        names = ", ".join(facts.evaluated[:MOST_METRICS])
        return f"none: no evaluation has {escaped(facts.sweep.metric)}, only {escaped(names)}"
    return "none: no trial was evaluated"


def _config(trial: TrialRow, names: list[str]) -> str:
    return escaped(", ".join(f"{name} {setting_text(trial.config[name])}" for name in names if name in trial.config))


def _other_metrics(facts: Facts) -> dict[str, float]:
    best = facts.best
    metric = facts.sweep.metric
    told = (metric, f"{metric}_low", f"{metric}_high", "threshold", "th")
    return {} if best is None else {name: value for name, value in best.best_metrics.items() if name not in told}


def _leaderboard(facts: Facts) -> str:
    told = leaderboard(facts)
    return f" · {told}" if told else ""


def _comparisons(facts: Facts) -> str:
    return " · ".join(filter(None, [*against_baseline(facts), *_earlier(facts), *doubt(facts), gap_text(facts)]))


def _earlier(facts: Facts) -> Iterator[str]:
    """The best value against that of the parent, and against the best there was."""
    goal, best = facts.sweep.goal, facts.best.best if facts.best else None
    rival, parent = facts.before.rival, facts.before.parent
    if rival is None:
        yield "best so far: this is the first of its kind"
        return
    if parent is not None and parent.best is not None and parent.experiment != rival.experiment:
        yield f"parent ({parent.experiment}) {delta_text(ranking.gain(best, parent.best, goal))}"
    is_parent = parent is not None and parent.experiment == rival.experiment
    words = "parent and best so far" if is_parent else "best so far"
    yield f"{words} ({rival.experiment}) {delta_text(ranking.gain(best, rival.best, goal))}"


def _trials(facts: Facts) -> Iterator[str]:
    """The most informative trials, how many there are beside them, and which parameters mattered."""
    if not facts.trials or facts.rate is not None:
        return
    yield from entry_table(facts)
    hidden = len(tried(facts)) - MOST_ROWS
    more = [f"… {hidden} more in the [report]({facts.run_name}/{REPORT})"] if hidden > 0 else []
    told = " · ".join(filter(None, [*more, importance_text(facts)]))
    if told:
        yield ""
        yield told


def importance_text(facts: Facts) -> str:
    """`importance m 0.61, lr 0.27`; empty where it cannot be told, and where only one parameter was varied."""
    if len(facts.importance) < 2:
        return ""
    shares = [f"{escaped(name)} {share:.2f}" for name, share in facts.importance.items()]
    scored = sum(trial.best is not None for trial in tried(facts))
    few = counted(scored, "trial") if scored < FEW_TRIALS else ""
    hint = f" (no more than a hint, from {few})" if few else ""
    return f"importance{hint} {', '.join(shares[:MOST_SHARES])}"


def _picture(facts: Facts) -> Iterator[str]:
    for name in (CURVES, LEARNING_RATE):
        if name in facts.pictures:
            yield f"![{name.partition('.')[0]}]({facts.run_name}/{name})"


def stops(facts: Facts) -> Iterator[str]:
    """How many trials ended in which way, and by which rule at which rung."""
    counts: dict[str, int] = {}
    for trial in facts.trials:
        if trial.status == "finished" or not trial.is_over:
            continue
        why = trial.reason.partition(":")[0] if trial.status == "pruned" else trial.error or trial.reason
        label = f"{trial.status} ({short(why, 80)})" if why else trial.status
        counts[label] = counts.get(label, 0) + 1
    parts = [f"{count} {label}" for label, count in sorted(counts.items(), key=lambda item: -item[1])]
    lines = [f"**stopped early** {escaped('; '.join(parts))}"] if parts else []
    lines += open_trials(facts)
    yield from (f"{line}  " for line in lines[:-1])
    yield from lines[-1:]


def _measured(facts: Facts) -> Iterator[str]:
    """The last result that the best trial printed, and its gradient norms."""
    if facts.best is None:
        return
    told = []
    if facts.results:
        told.append(f"Last result of {facts.best.id}: {code(facts.results[-1])}")
    if facts.norms:
        told.append(f"Gradient norms of {facts.best.id}, mean ≤ largest: {escaped(norms_text(facts.norms))}")
    yield from (f"{line}  " for line in told[:-1])
    yield from told[-1:]


def last_line(facts: Facts) -> Iterator[str]:
    """How long it took, on what, from which commit, and the command that does the best trial or all of it again."""
    trials = facts.trials
    pruned = sum(trial.status == "pruned" for trial in trials)
    counts = f"{counts_text(trials)}{f' ({pruned} pruned)' if pruned else ''}"
    devices = sorted({trial.device for trial in trials if trial.has_device})
    day = f"log of {date_text(facts)}" if facts.sweep.is_imported else ""  # its heading may be of a later one
    parts = [day, took_text(facts), counts, escaped(", ".join(devices))]
    parts += [cost_text(facts), _commit(facts), *(code(command) for command in commands(facts)[-1:])]
    yield " · ".join(filter(None, parts))


def _going_on(facts: Facts) -> Iterator[str]:
    if facts.can_go_on:
        yield f"It can go on: {code(f'cockpit sweep --resume {facts.sweep.experiment}')}"


def _commit(facts: Facts) -> str:
    commit = facts.sweep.environment.get("commit")
    changed = facts.sweep.environment.get("changed_lines")
    if not commit:
        return ""
    return f"commit {escaped(str(commit))}" + (f" + {changed} lines" if changed else "")
