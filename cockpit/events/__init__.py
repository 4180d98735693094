"""What happened: kinds of events, their one-line JSON form, one writer and one reader of a file of them."""
