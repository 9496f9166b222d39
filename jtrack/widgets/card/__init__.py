"""The run card, shown below every tracked cell."""
