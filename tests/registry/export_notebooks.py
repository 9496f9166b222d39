"""Notebooks as people write them, small: with magics, shell lines, widgets, files and modules beside them."""

from __future__ import annotations

from pathlib import Path

import nbformat

HELPER = '''"""Features of a customer."""

import numpy as np


def add_ratio(frame):
    return frame.assign(ratio=np.log1p(frame["spent"]) / frame["visits"])
'''

DATA = "visits,spent,plan,left\n" + "".join(
    f"{1 + row % 7},{(row * 37) % 101},{'basic' if row % 3 else 'plus'},{int((row * 37) % 101 > 50)}\n"
    for row in range(120)
)

SETUP = """\
%load_ext jtrack
%matplotlib inline
!pip install -q scikit-learn"""

IMPORTS = """\
import warnings
import pandas as pd, numpy as np
import ipywidgets as widgets
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from features import add_ratio"""

DATA_CELL = """\
%%time
# what the shop recorded
df = pd.read_csv("data/visits.csv")
df.head()"""

SLIDER = """\
trees = widgets.IntSlider(value=3, min=1, max=9)
trees"""

OWN = """\
LIMIT = 40

def clipped(values):
    return np.minimum(values, LIMIT)

class Clip(BaseEstimator, TransformerMixin):
    def __init__(self, by=1):
        self.by = by
    def fit(self, X, y=None):
        return self
    def transform(self, X):
        return clipped(X) * self.by"""

FEATURES = """\
X, y = df[["visits", "spent"]], df["left"]"""

OTHER = """\
other = Ridge().fit(X, y)
print(other.score(X, y))"""

MODEL = """\
%%track churn strength=0.5
by = trees.value
clf = make_pipeline(
    FunctionTransformer(add_ratio),
    Clip(by=by),
    FunctionTransformer(lambda values: values + LIMIT),
    StandardScaler(),
    LogisticRegression(C=strength),
).fit(X, y)
accuracy = clf.score(X, y)"""

LATER = """\
df["guess"] = clf.predict(X)
df = df.drop(columns=["visits"])"""

CHURN = (SETUP, IMPORTS, DATA_CELL, SLIDER, OWN, FEATURES, OTHER, MODEL, LATER)


def write_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook with these code cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return path


def write_churn(folder: Path) -> Path:
    """Write the notebook about churn with its data and its helper module."""
    (folder / "data").mkdir()
    (folder / "data" / "visits.csv").write_text(DATA, encoding="utf-8")
    (folder / "features.py").write_text(HELPER, encoding="utf-8")
    return write_notebook(folder / "churn.ipynb", *CHURN)
