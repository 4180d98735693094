"""Diaries in Markdown: by version, by day with experiment ids, as lists of ✅ and ❌, or logs under headings."""

from cockpit.importers.notes.reading import IMPORTER

__all__ = ["IMPORTER"]
