"""Fake LLM providers: real wire formats, behaviours and faults, all seeded. Knows nothing of any client."""
