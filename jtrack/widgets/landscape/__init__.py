"""What a sweep learned about its params: which mattered, and where the objective is good."""
