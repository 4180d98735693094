"""Settings of a run that are said in words (`3 epochs`, `aux_loss/5`, `smooth to 0.05`) or assigned in code."""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Iterator
from typing import Any

Value = bool | int | float | str

_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10}
_COUNTED = rf"\d{{1,4}}(?:\.\d{{1,4}})?|{'|'.join(_NUMBERS)}"
_EPOCHS = re.compile(rf"(?<![\w.])({_COUNTED})[ -]?(?:epochs?|エポック)(?![\w]*\s*[:=])", re.IGNORECASE)
_AUXILIARY = re.compile(r"\baux(?:iliary)?\w{0,10}[^\n/.;]{0,16}/\s?(\d{1,4})(?![\d/])", re.IGNORECASE)
_SMOOTHING = re.compile(
    r"\b(?:label[ _-])?smooth(?:ing|ed)?(?:[ ]?[=:][ ]?|[ ]+(?:to|of|by|is)?[ ]?)(0?\.\d{1,6})", re.IGNORECASE
)
_NUMBER = r"[-+]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][-+]?\d{1,2})?"
_KNOWN = (
    r"(?:bert_|cnn_|fc_|head_|max_|base_)?(?:lr|learning[ _]rate)|bs|batch[ _]?size|dropout(?:_\w{1,30})?"
    r"|weight[ _]decay|wd|image[ _]size|linear_out|margin|scale|max[ _]len(?:gth)?|patience|folds?|seed"
)
_SPOKEN = re.compile(
    rf"(?<![\w=.-])({_KNOWN})[ ]?(?:[:：][ ]?)?[ ]?({_NUMBER})(?![\w%.]|[ ]?(?:epochs?|->))", re.IGNORECASE
)
_ASSIGNED = re.compile(
    rf"(?<![\w.\"'/?&-])([A-Za-z_][\w.]{{0,60}})[ ]?=[ ]?({_NUMBER}(?![\w/.])|True\b|False\b|[A-Za-z_][\w./-]{{0,60}})"
)
_MEASURED = re.compile(
    r"(?:cv|lb|score|loss|acc|auc|f1|mcc|public|private|th|threshold)$|.*_(?:th|threshold|score|loss)$", re.I
)
_CLASS = re.compile(r"class \w{0,60}(?:config|cfg|settings?|hparams|args)\w{0,60}\b[^:]{0,100}:", re.IGNORECASE)
_INDENT = re.compile(r"[ \t]+(?=[A-Za-z_])")
_LONGEST = 300  # characters of a line of code
_SETTING_NAMES = {"learning_rate": "lr", "batchsize": "batch_size", "bs": "batch_size", "wd": "weight_decay"}
_ARITHMETIC = {ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Add: operator.add, ast.Sub: operator.sub}


def in_words(text: str) -> dict[str, Value]:
    """Settings that a sentence names. Of a setting that is said twice the last value counts."""
    found: dict[str, Value] = {}
    for name, value in _assigned(text):
        found[name] = value
    for spoken in _SPOKEN.finditer(text):
        found.setdefault(_name(spoken[1]), _number(spoken[2]))
    for epochs in _EPOCHS.finditer(text):
        found["epochs"] = _NUMBERS.get(epochs[1].lower()) or _number(epochs[1])
    for weight in _AUXILIARY.finditer(text):
        if int(weight[1]):
            found["aux_weight"] = 1 / int(weight[1])
    for smoothing in _SMOOTHING.finditer(text):
        found["smoothing"] = float(smoothing[1])
    return found


def in_code(text: str) -> dict[str, Value]:
    """Plain values that the body of a class of settings assigns, and what else code says of a loss.

    A value may be a literal or arithmetic of numbers, such as `0.5 * 1e-5`.
    """
    found: dict[str, Value] = {}
    indent: str | None = None
    inside = False
    for line in text.split("\n"):
        if _CLASS.match(line):
            indent, inside = None, True
        elif line[:1].strip():
            inside = False
        blanks = _INDENT.match(line) if inside else None
        if blanks is None:
            continue
        indent = indent or blanks[0]
        if blanks[0] == indent:
            found.update(_assigned_in(line.strip()))
    epochs = found.pop("n_epochs", found.get("epochs"))
    return {**_losses(text), **found, **({} if epochs is None else {"epochs": epochs})}


def _assigned_in(code: str) -> Iterator[tuple[str, Value]]:
    """The setting that one line of Python gives a plain value to."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of backslashes, say, which are no business of ours
            statements = ast.parse(code).body if len(code) <= _LONGEST else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in statements:
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        value = plain_value(statement.value)
        if isinstance(target, ast.Name) and value is not None:
            yield target.id, value


def plain_value(node: ast.expr) -> Value | None:
    """The value of a literal, or of arithmetic with numbers; None for anything else."""
    try:
        value = _value(node)
    except (ArithmeticError, RecursionError):
        return None
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _value(node: ast.expr) -> Value | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _value(node.operand)
        return -inner if isinstance(inner, int | float) else None
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        left, right = _value(node.left), _value(node.right)
        if isinstance(left, int | float) and isinstance(right, int | float):
            result: Value = _ARITHMETIC[type(node.op)](left, right)
            return result
    return None


def _losses(text: str) -> dict[str, Value]:
    spoken = in_words(text.replace("\\_", "_"))
    return {name: spoken[name] for name in ("aux_weight", "smoothing") if name in spoken}


def _assigned(text: str) -> Iterator[tuple[str, Value]]:
    for found in _ASSIGNED.finditer(text):
        if not _MEASURED.match(found[1]):
            value = {"True": True, "False": False}.get(found[2])
            yield _name(found[1]), _number(found[2]) if value is None else value


def named_value(name: str, text: str) -> tuple[str, Value]:
    """A setting under the name that it usually has, and its value."""
    return _name(name), _number(text)


def _name(words: str) -> str:
    name = re.sub(r"\s+", "_", words.strip())
    return _SETTING_NAMES.get(name.lower(), name)


def _number(text: str) -> Any:
    """3 for `3`, 0.1 for `.1`, and words as they are."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
