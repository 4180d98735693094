"""Training recipes: each trainer is a generator that knows nothing of the cockpit."""
