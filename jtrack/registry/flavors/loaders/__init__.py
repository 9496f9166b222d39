"""Modules that lie in a model's ``code/`` too, so that MLflow opens the model where it has no loader of its own.

Each imports neither jtrack nor mlflow, and gives ``_load_pyfunc(path)``, which MLflow calls. jtrack uses the same code.
"""
