"""The report of `make security`: what the guards stop, judged against what they stopped before."""
