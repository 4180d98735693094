"""The cockpit on the screen. The only home of Textual."""
