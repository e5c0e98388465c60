"""Wires, without I/O (bytes in, deltas or one failure out), and the seam behind which HTTP is done."""
