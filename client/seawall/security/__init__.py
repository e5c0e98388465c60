"""What stands between a prompt and the provider: detection, redaction and guards, each usable alone."""
