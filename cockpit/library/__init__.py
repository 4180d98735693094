"""What a training script calls: its steps, evaluations, norms and files become events of the run it is part of."""
