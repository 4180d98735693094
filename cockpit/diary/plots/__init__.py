"""Pictures of an experiment, drawn by matplotlib when it is over. PNG, because GitHub, phones and pagers show that."""
