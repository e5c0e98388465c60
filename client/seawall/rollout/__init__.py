"""From a service's old LLM path to this client in stages: who answers, what the other would have said, how to go back."""
