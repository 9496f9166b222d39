"""The panel of the registry: what is registered, a model's versions side by side, and their history."""
