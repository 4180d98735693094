"""Parts of the settings of trainers that have many. What is registered stands in `trainers.configs`."""
