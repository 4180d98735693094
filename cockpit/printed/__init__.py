"""What programs print, read as events: so that a script that knows nothing of the cockpit can be watched and ranked."""

from cockpit.printed.pattern import PatternError, check_pattern
from cockpit.printed.reader import PrintedReader

__all__ = ["PatternError", "PrintedReader", "check_pattern"]
