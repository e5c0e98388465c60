"""The core: every decision of a call, made without I/O, clock or global randomness."""
