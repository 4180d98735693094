"""What the Kaggle screen shows, and what it asks for, outside of the screen's thread."""
