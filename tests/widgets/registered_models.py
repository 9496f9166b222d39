"""A registry with two models, logged and registered for real, for the tests of the registry and its panel."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from jtrack import tracking
from jtrack.entities import Cell, CellRole, ModelVersion, RunKind
from jtrack.registry import versions
from jtrack.registry.model import Model
from jtrack.registry.signature import ColSpec, Schema, Signature
from jtrack.registry.types import DataType

SOURCE = "%%track churn\nmodel = make_pipeline(scale, Forest(depth={depth})).fit(X, y)\nauc = score(model)\n"
DESCRIPTION = (
    "Who will **leave** next month.\n\n- trained on `customers.parquet`\n- see [the study](https://example.org)\n"
)


def log_model_run(
    name: str, *, depth: int = 4, auc: float = 0.9, columns: tuple[str, ...] = ("age", "plan"), package: str = "1.5.0"
) -> str:
    """Log a run of a cell with a model's folder, and give its id."""
    run = tracking.start_run(run_name=name, kind=RunKind.CELL)
    text = SOURCE.format(depth=depth)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    run.record_cell(Cell("c1", depth, CellRole.TRACKED, text, sha256, "work/churn.ipynb"))
    run.log_params({"depth": depth, "seed": 7})
    run.log_metrics({"val_auc": auc, "val_loss": 1 - auc})
    with TemporaryDirectory() as folder:
        write_model(Path(folder), columns=columns, package=package, run_id=run.run_id)
        run.log_artifacts(folder, "model")
    run.end()
    return run.run_id


def write_model(
    folder: Path,
    *,
    columns: tuple[str, ...] = ("age", "plan"),
    package: str = "1.5.0",
    run_id: str | None = None,
) -> None:
    """Write a model's folder, as far as the registry looks at one."""
    folder.mkdir(exist_ok=True)
    inputs = Schema([ColSpec(DataType.double, column) for column in columns])
    flavors = {"sklearn": {"sklearn_version": package}, "python_function": {"loader_module": "mlflow.sklearn"}}
    signature = Signature(inputs, Schema([ColSpec(DataType.long)]))
    Model(flavors=flavors, signature=signature, run_id=run_id, artifact_path="model", model_size_bytes=12_345).save(
        folder
    )
    (folder / "requirements.txt").write_text(f"scikit-learn=={package}\nnumpy==2.1.0\n", encoding="utf-8")


def register_churn() -> list[ModelVersion]:
    """Register three versions of ``churn``, with aliases, stages and descriptions, and one of another model."""
    tracking.set_experiment("churn")
    runs = [
        log_model_run("brisk-heron", depth=3, auc=0.871),
        log_model_run("quiet-otter", depth=5, auc=0.902),
        log_model_run("lofty-lynx", depth=5, auc=0.894, columns=("age", "plan", "region"), package="1.6.1"),
    ]
    made = [versions.register_model(f"runs:/{run_id}/model", "churn", {"team": "growth"}) for run_id in runs]
    versions.update_registered_model("churn", DESCRIPTION)
    versions.set_registered_model_tag("churn", "owner", "ada")
    versions.update_model_version("churn", 3, "With `region`, which costs a little *AUC*.")
    versions.transition_model_version_stage("churn", 1, "Production")
    versions.transition_model_version_stage("churn", 2, "Production", archive_existing_versions=True)
    versions.set_registered_model_alias("churn", "champion", 2)
    versions.set_registered_model_alias("churn", "challenger", 3)
    versions.register_model(f"runs:/{runs[0]}/model", "wine-quality")
    return made
