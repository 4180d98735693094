"""What can be set in each trainer, without importing torch: one module per trainer, each with a `TRAINER`.

What several of them share is in `torch_config`.
"""
