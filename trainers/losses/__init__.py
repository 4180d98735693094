"""Loss heads, one idea per file."""
