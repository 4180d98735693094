"""Searches shipped with the package: one YAML file per question."""
