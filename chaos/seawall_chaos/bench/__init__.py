"""What the client and the fake providers cost, beside others, as ratios of one run."""
