"""A bare FastAPI handler that only calls ``model.predict``: ``bare_fastapi.py MODEL_FOLDER PORT``."""

from __future__ import annotations

import sys
from pathlib import Path

import fastapi
import pandas as pd
import skops.io
import uvicorn
from pydantic import BaseModel

folder, port = sys.argv[1:]
(file,) = Path(folder).glob("*.skops")
model = skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file))
app = fastapi.FastAPI()


class Split(BaseModel):
    """A frame in pandas' ``split`` form."""

    columns: list[str]
    data: list[list[float]]


class Rows(BaseModel):
    """The body of a request."""

    dataframe_split: Split


@app.get("/ping")
def ping() -> str:
    """Answer once the model is there."""
    return ""


@app.post("/invocations")
def invocations(rows: Rows) -> dict[str, list[int]]:
    """Predict."""
    frame = pd.DataFrame(rows.dataframe_split.data, columns=rows.dataframe_split.columns)
    return {"predictions": model.predict(frame).tolist()}


uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)
