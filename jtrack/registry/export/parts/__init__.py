"""Files that an exported package is made of, taken over as they stand: they import neither jtrack nor mlflow.

``package.json`` beside them says what the model is; all else is the same in every package.
"""
