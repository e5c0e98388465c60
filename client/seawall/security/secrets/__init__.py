"""Secrets: keys by their form, by their name, and by their very value in whatever guise."""
