"""Charts of characters, drawn with numpy alone: from curves to a grid of characters and their roles."""

import cockpit.store.arrays  # noqa: F401 - before any module here imports numpy
