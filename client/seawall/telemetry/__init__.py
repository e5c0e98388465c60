"""What is told of calls and attempts: events, and the log lines made of them."""
