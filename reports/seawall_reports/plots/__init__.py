"""Pictures of a scenario. Matplotlib is loaded here and nowhere else, and only when pictures are drawn."""
