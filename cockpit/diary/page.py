"""An entry of the diary as Markdown, from facts alone: the same facts always give the same text."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.diary.doubts import doubts
from cockpit.diary.events import events, open_trials
from cockpit.diary.facts import Facts
from cockpit.diary.markdown import block, code, escaped, table
from cockpit.diary.merges import merges
from cockpit.diary.verdicts import against_baseline, doubt, interval_text, mark, mean_text, tried
from cockpit.store import ranking
from cockpit.store.numbers import delta_text, duration_text, metric_text, setting_text
from cockpit.store.rows import ENDED_EARLY, TrialRow
from cockpit.store.runs import counts_text
from cockpit.store.scores import leaderboard_text

REPORT = "report.md"
MOST_ROWS = 10
RESULT_LINES = 2


def entry(facts: Facts) -> str:
    """The text between the markers of one experiment, without them."""
    parts = [heading(facts), change(facts), _trials(facts), stops(facts), events(facts), doubts(facts)]
    parts += [_results(facts), norms(facts), last_line(facts), _going_on(facts)]
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


def change(facts: Facts) -> Iterator[str]:
    """What was varied, the baseline, the best score, and what that is held against."""
    sweep, baseline, best = facts.sweep, facts.baseline, facts.best
    metric = escaped(sweep.metric)
    yield f"**change** {_what_was_varied(facts)}  "
    if baseline is not None:
        yield f"**baseline** {metric} {metric_text(baseline.best)} ({_config(baseline, sweep.varied)})  "
    if best is None:
        yield f"**score** none: no trial was evaluated{_leaderboard(facts)}"
        return
    more = ", ".join(f"{name} {metric_text(value)}" for name, value in _other_metrics(facts).items())
    more = (f" · {escaped(more)}" if more else "") + _leaderboard(facts)
    interval = interval_text(best, sweep.metric)
    who = f"{mean_text(facts)}{best.id}: {_config(best, sweep.varied)}"
    yield f"**score** {metric} {metric_text(best.best)}{interval} ({who}){more}  "
    yield f"**against** {_comparisons(facts)}"
    yield from merges(facts)


def _what_was_varied(facts: Facts) -> str:
    varied = facts.sweep.varied
    if not varied:
        return "nothing was varied"
    return "swept " + ", ".join(f"{code(name)} {_range(facts.trials, name)}" for name in varied)


def _range(trials: list[TrialRow], name: str) -> str:
    """The values that were really tried."""
    values = [trial.config[name] for trial in trials if name in trial.config]
    distinct = list(dict.fromkeys(map(setting_text, values)))
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values) and values:
        if len(distinct) > 4:
            return f"{setting_text(min(values))}–{setting_text(max(values))}"
        distinct = [setting_text(value) for value in sorted(set(values))]
    return escaped(", ".join(distinct[:6]) + (" …" if len(distinct) > 6 else ""))


def _config(trial: TrialRow, names: list[str]) -> str:
    return escaped(", ".join(f"{name} {setting_text(trial.config.get(name))}" for name in names))


def _other_metrics(facts: Facts) -> dict[str, float]:
    best = facts.best
    shown = {f"{facts.sweep.metric}{end}" for end in ("", "_low", "_high")}
    return {} if best is None else {name: value for name, value in best.best_metrics.items() if name not in shown}


def _leaderboard(facts: Facts) -> str:
    told = leaderboard_text(facts.scores)
    return f" · {told}" if told else ""


def _comparisons(facts: Facts) -> str:
    goal, best = facts.sweep.goal, facts.best.best if facts.best else None
    parts = list(against_baseline(facts))
    if facts.rival is not None:
        parts.append(f"best so far ({facts.rival.experiment}) {delta_text(ranking.gain(best, facts.rival.best, goal))}")
    else:
        parts.append("best so far: this is the first of its kind")
    return " · ".join([*parts, *doubt(facts)])


def _trials(facts: Facts) -> Iterator[str]:
    sweep = facts.sweep
    if not facts.trials:
        return
    shown = _most_informative(facts)
    headings = ["trial", *map(escaped, sweep.varied), escaped(sweep.metric), "epochs", "ended"]
    rows = [_row(facts, trial) for trial in shown]
    yield from table(headings, rows, words=("trial", "ended"))
    hidden = len(tried(facts)) - len(shown)
    if hidden:
        yield ""
        yield f"… {hidden} more in the [report]({facts.run_name}/{REPORT})"


def _most_informative(facts: Facts) -> list[TrialRow]:
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


def _row(facts: Facts, trial: TrialRow) -> list[str]:
    name = f"{trial.id} ◆" if trial.baseline else trial.id
    settings = [escaped(setting_text(trial.config.get(key))) for key in facts.sweep.varied]
    cells = [name, *settings, metric_text(trial.best)]
    if facts.best is not None and trial.id == facts.best.id:
        cells = [f"**{cell}**" for cell in cells]
    return [*cells, str(trial.epochs), escaped(_short(trial.ending or trial.status))]


def _short(text: str, longest: int = 100) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def stops(facts: Facts) -> Iterator[str]:
    """How many trials ended in which way, and by which rule at which rung."""
    counts: dict[str, int] = {}
    for trial in facts.trials:
        if trial.status == "finished" or not trial.is_over:
            continue
        why = trial.reason.partition(":")[0] if trial.status == "pruned" else trial.error or trial.reason
        label = f"{trial.status} ({_short(why, 80)})" if why else trial.status
        counts[label] = counts.get(label, 0) + 1
    parts = [f"{count} {label}" for label, count in sorted(counts.items(), key=lambda item: -item[1])]
    lines = [f"**stopped early** {escaped('; '.join(parts))}"] if parts else []
    lines += open_trials(facts)
    yield from (f"{line}  " for line in lines[:-1])
    yield from lines[-1:]


def _results(facts: Facts) -> Iterator[str]:
    if facts.results and facts.best is not None:
        yield f"Last results of {facts.best.id}:"
        yield ""
        yield from block(facts.results[-RESULT_LINES:])


def norms(facts: Facts) -> Iterator[str]:
    """Norms of the best trial, a row for each parameter group."""
    if not facts.norms or facts.best is None:
        return
    yield f"Gradient norms of {facts.best.id}, mean over its logged steps:"
    yield ""
    headings = ["group", "parameters", "gradients", "largest", "not finite", "update/parameter"]
    rows = [
        [
            escaped(norm.group),
            metric_text(norm.param_mean),
            metric_text(norm.grad_mean),
            metric_text(norm.grad_max),
            str(norm.nonfinite),
            metric_text(norm.update_ratio),
        ]
        for norm in facts.norms
    ]
    yield from table(headings, rows, words=("group",))


def last_line(facts: Facts) -> Iterator[str]:
    """How long it took, on what, from which commit, and the command."""
    sweep, trials = facts.sweep, facts.trials
    ended = sweep.ended or max((trial.ended or trial.started or 0.0 for trial in trials), default=0.0)
    took = duration_text(ended - sweep.started) if sweep.started and ended else "—"
    pruned = sum(trial.status == "pruned" for trial in trials)
    devices = sorted({trial.device for trial in trials if trial.has_device})
    parts = [took, f"{counts_text(trials)} ({pruned} pruned)", escaped(", ".join(devices)), _commit(facts)]
    if sweep.command:
        parts.append(code(sweep.command))
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
