"""From a line to a filter."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cockpit.store.filter.errors import FilterError, shown, unknown_field
from cockpit.store.filter.lexer import Token, tokens
from cockpit.store.filter.predicates import Filterable, Predicate, compares, fits_pattern, has_field, has_word

DEEPEST = 40  # parentheses in one another; nobody reads more, and Python's own stack is not for strangers


@dataclass(frozen=True)
class Filter:
    """A line that was understood. Two filters are equal when their lines are."""

    line: str
    _terms: tuple[Predicate, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self.line == other.line

    def __hash__(self) -> int:
        return hash(self.line)

    def __bool__(self) -> bool:
        """Whether it asks for anything."""
        return bool(self._terms)

    def matches(self, row: Filterable) -> bool:
        """Whether the row is what the line asks for."""
        return all(term(row) for term in self._terms)


EVERYTHING = Filter("")


def parse(line: str, fields: Collection[str], *, is_typed: bool = False) -> Filter:
    """The filter that `line` says, about rows with these fields.

    Names of fields count in any case of letters. While a line is typed, a word at its end that may yet become the name
    of a field makes it incomplete, so that nobody sees the table go empty between `l` and `lr>1e-5`.
    Raises `FilterError`.
    """
    if not line.strip():
        return EVERYTHING
    return Filter(line, (_Parser(line, fields, is_typed).parse(),))


class _Parser:
    """Recursive descent: either of … (OR), each all of … (AND), each perhaps negated."""

    def __init__(self, line: str, fields: Collection[str], is_typed: bool) -> None:
        self._is_typed = is_typed
        self._fields: Mapping[str, str] = {name.casefold(): name for name in fields}
        self._known = fields
        self._tokens = list(tokens(line))
        self._end = len(line)
        self._next = 0
        self._depth = 0

    def parse(self) -> Predicate:
        found = self._either()
        if token := self._peek():
            raise FilterError("this ) has no (", token.position)
        return found

    def _peek(self, *kinds: str) -> Token | None:
        token = self._tokens[self._next] if self._next < len(self._tokens) else None
        return token if token is not None and (not kinds or token.kind in kinds) else None

    def _take(self, *kinds: str) -> Token | None:
        token = self._peek(*kinds)
        self._next += token is not None
        return token

    def _either(self) -> Predicate:
        choices = [self._all()]
        while self._take("or"):
            choices.append(self._all())
        return choices[0] if len(choices) == 1 else lambda row: any(choice(row) for choice in choices)

    def _all(self) -> Predicate:
        terms = [self._one()]
        while self._take("and") or self._peek("term", "not", "("):
            terms.append(self._one())
        return terms[0] if len(terms) == 1 else lambda row: all(term(row) for term in terms)

    def _one(self) -> Predicate:
        negated = False
        while self._take("not"):
            negated = not negated
        found = self._group() if self._peek("(") else self._term()
        return (lambda row: not found(row)) if negated else found

    def _group(self) -> Predicate:
        opening = self._take("(")
        assert opening is not None
        self._depth += 1
        if self._depth > DEEPEST:
            raise FilterError("too many parentheses in one another", opening.position)
        found = self._either()
        if not self._take(")"):
            raise FilterError("this ( is not closed", opening.position, incomplete=True)
        self._depth -= 1
        return found

    def _term(self) -> Predicate:
        token = self._take("term")
        if token is None:
            raise self._nothing_here()
        if not token.operator:
            if self._is_typed and not token.exact and (name := self._may_become(token)):
                problem = f"the word {shown(token.value)}, or the field {name}?"
                raise FilterError(problem, token.position, incomplete=True)
            return has_word(token.value, token.exact)
        if token.operator == ":" and token.field.casefold() == "has":
            return has_field(self._asked_for(token))
        name = self._field(token.field, token.position)
        if token.operator == ":":
            return fits_pattern(name, token.value, token.exact)
        return compares(name, token.operator, token.value)

    def _nothing_here(self) -> FilterError:
        """Why there is no term where one has to be."""
        before = self._tokens[self._next - 1] if self._next else None
        here = self._peek()
        if here is not None and here.kind == ")" and not self._depth:
            return FilterError("this ) has no (", here.position)
        if before is None and here is not None:
            return FilterError(f"nothing before {here.text}", here.position)
        assert before is not None, "a line with something on it has a token"
        after = "" if here is None else f" and before {here.text}"
        position = self._end if here is None else here.position
        return FilterError(f"nothing after {shown(before.text)}{after}", position, incomplete=here is None)

    def _asked_for(self, token: Token) -> str:
        """The field of `has:field`. A name that is still being typed is not yet unknown."""
        position = token.position + len("has:")
        if token.value.casefold() not in self._fields and self._may_become(token):
            raise FilterError(f"no field is called {shown(token.value)} yet", position, incomplete=True)
        return self._field(token.value, position)

    def _may_become(self, token: Token) -> str:
        """The field whose name this term begins, if the line ends with it; empty for none."""
        if token.position + len(token.text) < self._end:
            return ""
        start = token.value.casefold()
        return next((name for key, name in self._fields.items() if key.startswith(start)), "")

    def _field(self, name: str, position: int) -> str:
        if name in self._known:
            return name
        found = self._fields.get(name.casefold())
        if found is None:
            raise unknown_field(name, self._known, position)
        return found
