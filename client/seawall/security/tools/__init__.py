"""What a model may do: tool calls are released or held, by where the words in them come from."""
