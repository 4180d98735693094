"""The filter line: words, `field:pattern`, comparisons, `has:field`, AND, OR, NOT and parentheses.

    lr>1e-5 status:running m=0.3 -stopped
    (status:pruned | status:stopped) best>=0.95 has:mc_score "label smoothing"

`parse` turns a line into a `Filter`; nothing of it is ever evaluated as code.
"""

from cockpit.store.filter.errors import FilterError
from cockpit.store.filter.parser import EVERYTHING, Filter, parse
from cockpit.store.filter.predicates import Filterable

__all__ = ["EVERYTHING", "Filter", "FilterError", "Filterable", "parse"]
