"""What is true: one SQLite index per experiment, built from the run folder and never the other way round."""
