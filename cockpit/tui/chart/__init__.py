"""Charts of characters, drawn with numpy alone: from curves to a grid of characters and their roles."""
