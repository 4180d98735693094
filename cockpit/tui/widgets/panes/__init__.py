"""What there is to know of one trial, a pane for each kind of knowledge."""
