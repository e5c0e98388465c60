"""The report of `make bench`: the client beside its rivals, and every target as met or missed."""
