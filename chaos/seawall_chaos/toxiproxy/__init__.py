"""Toxiproxy: found or provisioned, run as a process, driven over its HTTP API; and an engine that stands in."""
