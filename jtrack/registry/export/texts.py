"""The texts of a package that tell of this model: its front door, project file, test, Dockerfile and README."""

from __future__ import annotations

import json
from typing import Any

from jtrack.registry.dockerfile import render_dockerfile, slim_image
from jtrack.registry.export.plan import Plan

VERSION = "0.1.0"


def init_text(plan: Plan) -> str:
    """Write the package's front door."""
    return f'''"""{plan.title}, as a package: ``from {plan.package} import predict``."""

from .scoring import check, example, expected, load, predict

__all__ = ["check", "example", "expected", "load", "predict"]
'''


def pyproject_text(plan: Plan, pins: tuple[str, ...], training: tuple[str, ...], python: str) -> str:
    """Write the project file; ``pip install .`` and the wheel come from it."""
    return f"""[build-system]
requires = ["flit_core>=3.9,<5"]
build-backend = "flit_core.buildapi"

[project]
name = {json.dumps(plan.package)}
version = "{VERSION}"
description = {json.dumps(plan.title)}
readme = "README.md"
requires-python = ">={python}"
dependencies = {_list(pins)}

[project.optional-dependencies]
train = {_list(training)}

[project.scripts]
{plan.package} = "{plan.package}.__main__:main"
"""


def dockerfile_text(plan: Plan, pins: tuple[str, ...], python: str) -> str:
    """Write how an image is built that serves the model."""
    command = ("python", "-m", plan.package, "serve", "--host", "0.0.0.0", "--port", "8080")
    return render_dockerfile(slim_image(python), f"/opt/{plan.package}", pins, (plan.package,), {"CMD": command})


def test_text(plan: Plan) -> str:
    """Write the package's own test."""
    return f'''"""The packaged model predicts what the notebook's model predicted."""

from {plan.package} import check, example, expected, predict


def test_the_example_is_predicted_as_in_the_notebook():
    assert check() == []


def test_there_is_a_prediction_for_each_row():
    assert len(predict(example())) == len(expected())
'''


def readme_text(plan: Plan, form: dict[str, Any], training: tuple[str, ...]) -> str:
    """Write what a reader of the package needs."""
    parts = [_usage_text(plan, form)]
    if plan.program is not None:
        parts.append(_training_text(plan, training))
    if plan.notes:
        parts.append("## To know\n\n" + "\n".join(f"- {note}" for note in plan.notes))
    return "\n\n".join(parts) + "\n"


def _usage_text(plan: Plan, form: dict[str, Any]) -> str:
    columns = form.get("columns", [])
    table = "\n".join(f"| `{column['name']}` | {column['dtype']} |" for column in columns)
    takes = f"\n\nIt takes these columns:\n\n| column | type |\n|---|---|\n{table}" if columns else ""
    name = plan.package
    return f"""# {name}

{plan.title}, as a package. It needs what `requirements.txt` pins, and nothing of the notebook.

```sh
pip install .            # or: pip install -r requirements.txt, and work in this folder
python -m {name} check
```

```python
from {name} import example, predict

predict(example())
```{takes}

## Serve

```sh
python -m {name} serve --port 8080
curl -d @{name}/example.json -H 'Content-Type: application/json' http://127.0.0.1:8080/invocations
docker build -t {name} . && docker run -p 8080:8080 {name}
```

The folder `{name}/model` is in MLflow's format: `mlflow.pyfunc.load_model("{name}/model")` opens it too."""


def _training_text(plan: Plan, training: tuple[str, ...]) -> str:
    assert plan.program is not None
    options = [f"| `{one.flag}` | `{one.value!r}` | {one.label} |" for one in plan.program.options]
    table = "\n\n| option | default | from |\n|---|---|---|\n" + "\n".join(options) if options else ""
    install = "pip install '.[train]'\n" if training else ""
    return f"""## Train again

```sh
{install}python train.py --output trained_model
{plan.package.upper()}_PATH=trained_model python -m {plan.package} serve
```

`train.py` is made of the cells that the model came from.{table}"""


def _list(items: tuple[str, ...]) -> str:
    return "[\n" + "".join(f"  {json.dumps(item)},\n" for item in items) + "]" if items else "[]"
