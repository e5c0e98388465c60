"""Personal data: one detector for each kind, all of them linear in the length of the text."""
