"""What loggers and launchers put before a line: levels, times, and the rank of the process that printed it.

Ranks come as `[rank3]:`, `Rank 3,`, `(worker 3)`, `[default3]:` (torchrun), `[1,3]<stdout>:` (mpirun), and as the bare
`[3]` and `3:` of mpirun and `srun --label`. The bare ones look like steps, so they are ranks only below 64.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_LAYERS = 4  # of prefixes on one line
BARE_RANKS = 64
_MAY_START = frozenset("[(0123456789DIWECdiwecRrPpGgNnFf ")

_TIME = r"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_LEVEL = r"(?:DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)"
_LOG = re.compile(
    rf"\s{{0,8}}(?:\[[A-Z]+\]{_TIME}:[\w.]+:"  # [DEBUG]2020-06-18 10:36:24,981:utils:
    rf"|{_TIME}\s\|\s{_LEVEL}\s{{1,8}}\|\s[\w.]{{1,60}}:[\w.<>]{{1,60}}:\d+ - "  # loguru
    rf"|{_TIME}\s\|\s{_LEVEL}\s\|\s[\w.]{{1,60}}\s\|\s"  # fairseq
    rf"|(?:{_TIME}|\d\d/\d\d/\d{{4}} \d\d:\d\d:\d\d)\s-\s{_LEVEL}\s-\s[\w.]{{1,60}}\s-\s{{1,4}}"  # Hugging Face
    rf"|\[{_LEVEL}\|[\w.]{{1,60}}:\d+\] {_TIME} >> {{0,4}}"  # transformers
    rf"|\[[\w.-]{{1,60}}\] {_TIME} \([\w.]{{1,60}}:\d+\) {_LEVEL}: "  # ESPnet
    rf"|\[[A-Z] {_TIME}\] "  # Optuna
    rf"|\[\w{{1,60}}\.py:\d{{1,6}}(?::\w{{1,60}})?\] "  # DeepSpeed
    rf"|\[?{_TIME}\]?(?:\s{{0,4}}[-|:,]?\s{{0,4}}\[?[\w.]{{1,60}}\]?){{0,2}}?\s{{0,4}}[-|:,]?\s{{0,4}}\[?{_LEVEL}\]?\s*[-|:]?\s*"
    r"|\[\d\d/\d\d \d\d:\d\d:\d\d [\w.]{1,60}\]:\s+"  # detectron2
    rf"|\[{_TIME}\]\s*[-|:]?\s*|{_TIME}\s*[-|:,]\s+|{_TIME}\s+"
    rf"|{_LEVEL}:[\w.]{{1,60}}:|\[{_LEVEL}\]:?\s*|{_LEVEL}\s*[:|-]\s+"
    r"|\(\w{1,60} pid=\d+(?:, ip=[\w.:]+)?\)\s"  # Ray's workers
    r"|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ [\w.\-]+:\d+\] )"
)
_RANK = re.compile(
    r"\s{0,8}(?:[\[(](?:rank|worker|process|proc|gpu)[ :=_-]?(\d{1,5})(?:/\d{1,5})?[\])]:?\s*"
    r"|(?:rank|worker|process|proc|gpu)[ :=_-]?(\d{1,5})\s*[:,|]\s+"
    r"|\[[A-Za-z_]{1,20}(\d{1,5})\]:\s*"
    r"|\[\d{1,9},(\d{1,5})\]\s*<std(?:out|err)>:\s*)",
    re.IGNORECASE,
)
# A tab behind the bracket is that of XGBoost and LightGBM, which print so after how many trees they stand.
_BARE_RANK = re.compile(r"\s{0,8}(?:\[(\d{1,5})\]:? +|(\d{1,5}): )(?=\S)")


class Stripped(NamedTuple):
    """`text` without its prefixes, the rank they named (None: none) and how many characters they took."""

    text: str
    rank: int | None
    length: int


def strip_prefixes(text: str) -> Stripped:
    """Take away what stands before the message."""
    rank, start = None, 0
    for _ in range(_LAYERS):
        if text[start : start + 1] not in _MAY_START:
            break
        found = _RANK.match(text, start) if rank is None else None
        if found:
            rank = int(next(group for group in found.groups() if group))
        elif rank is None and (found := _BARE_RANK.match(text, start)) and _is_rank(found):
            rank = int(found[1] or found[2])
        else:
            found = _LOG.match(text, start)
        if not found or found.end() == start:
            break
        start = found.end()
    return Stripped(text[start:], rank, start)


def _is_rank(found: re.Match[str]) -> bool:
    return int(found[1] or found[2]) < BARE_RANKS
