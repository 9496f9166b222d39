"""Images of models: what is written, how a builder's failure is told, and one that is built and asked."""

from __future__ import annotations

import json
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import httpx
import pandas as pd
import pytest

import jtrack
from jtrack.cli import main
from jtrack.errors import InvalidInputError, ServingError
from jtrack.registry.dockerfile import render_dockerfile
from jtrack.registry.save import save_model
from jtrack.registry.serving.image import BUILD_VARIABLE, build_command, build_image, write_context
from tests.registry import served_models
from tests.registry.containers import Podman, what_is_missing


@pytest.fixture(scope="module")
def wine_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return served_models.save_wine(tmp_path_factory.mktemp("wine") / "model")


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


# -- the folder ----------------------------------------------------------------------------------------------


def test_the_folder_has_all_that_its_dockerfile_copies(wine_folder: Path, tmp_path: Path) -> None:
    assert main(["models", "generate-dockerfile", "-m", str(wine_folder), "-d", "image"]) == 0
    folder = tmp_path / "image"
    lines = (folder / "Dockerfile").read_text().splitlines()
    python = (wine_folder / "python_env.yaml").read_text().split()[1]
    assert lines[0] == f"FROM python:{'.'.join(python.split('.')[:2])}-slim"
    copied = [line.split()[1] for line in lines if line.startswith("COPY")]
    assert {path.name for path in folder.iterdir()} == {"Dockerfile", *copied}
    assert (folder / "model/MLmodel").read_bytes() == (wine_folder / "MLmodel").read_bytes()
    assert not list(folder.rglob("__pycache__")) and not list(folder.rglob("*.js"))
    asked = (folder / "requirements.txt").read_text().splitlines()
    assert "scikit-learn" in asked  # as the model says
    assert {line.partition("==")[0] for line in asked} >= {"uvicorn", "starlette", "orjson", "pandas"}
    assert len({line.partition("==")[0] for line in asked}) == len(asked)


def test_a_model_from_elsewhere_is_trusted_only_when_told(wine_folder: Path, tmp_path: Path) -> None:
    assert "--trust" not in (write_context(wine_folder, tmp_path / "a").folder / "Dockerfile").read_text()
    assert "--trust" in (write_context(wine_folder, tmp_path / "b", trust=True).folder / "Dockerfile").read_text()
    with jtrack.start_run() as run:
        model, rows = served_models.wine()
        jtrack.sklearn.log_model(model, input_example=rows[:3], requirements=["scikit-learn"])
    context = write_context(f"runs:/{run.info.run_id}/model", tmp_path / "c")
    assert "--trust" in (context.folder / "Dockerfile").read_text()
    assert context.model == f"runs:/{run.info.run_id}/model"


def test_tensors_need_no_pandas(tmp_path: Path) -> None:
    save_model(served_models.wine()[0], tmp_path / "frames", requirements=["scikit-learn"])
    tensor = served_models.save_tensor(tmp_path / "tensors")
    for folder, has_pandas in ((tmp_path / "frames", True), (tensor, False)):
        text = (write_context(folder, tmp_path / f"{folder.name}-image").folder / "requirements.txt").read_text()
        assert ("pandas" in text) is (has_pandas or "pandas" in (folder / "requirements.txt").read_text())


def test_lightgbm_gets_the_openmp_that_slim_images_lack() -> None:
    render = lambda pins: render_dockerfile("python:3.12-slim", "/opt/m", pins, ["m"], {"CMD": ["python"]})  # noqa: E731
    assert "apt-get install -y --no-install-recommends libgomp1" in render(["lightgbm==4.6.0", "numpy==2"])
    assert "apt-get" not in render(["xgboost==3.0.0"])


def test_a_folder_with_something_in_it_is_left_alone(wine_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InvalidInputError, match="not empty") as caught:
        write_context(wine_folder, tmp_path)
    assert caught.value.hint == "-d a new folder"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


# -- who builds ----------------------------------------------------------------------------------------------


def test_docker_builds_where_its_engine_answers_else_podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BUILD_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServingError, match="there is no docker and no podman here"):
        build_command()
    docker = program(tmp_path, "docker", "exit 1")
    with pytest.raises(ServingError, match="docker's engine doesn't answer") as caught:
        build_command()
    assert "generate-dockerfile" in str(caught.value.hint)
    program(tmp_path, "podman", "exit 0")
    assert build_command() == ["podman", "build"]
    program(tmp_path, docker.name, "exit 0")
    assert build_command() == ["docker", "build"]
    monkeypatch.setenv(BUILD_VARIABLE, "buildah bud --format 'docker'")
    assert build_command() == ["buildah", "bud", "--format", "docker"]


def test_a_failed_build_says_why(wine_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "ERROR: No matching distribution found for numpy==9"
    builder = program(tmp_path, "builder", f"echo STEP 1; echo '{said}'; echo 'Error: exit status 1'; exit 125")
    monkeypatch.setenv(BUILD_VARIABLE, str(builder))
    lines: list[str] = []
    with pytest.raises(ServingError, match="No matching distribution found for numpy==9") as caught:
        build_image(wine_folder, "wine", say=lines.append)
    assert "--base-image" in str(caught.value.hint)
    assert lines[0] == "STEP 1"
    monkeypatch.setenv(BUILD_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(ServingError, match="can't be started"):
        build_image(wine_folder, "wine")


# -- for real ------------------------------------------------------------------------------------------------


@pytest.fixture
def podman(tmp_path_factory: pytest.TempPathFactory, could_not_run: Callable[[str], NoReturn]) -> Iterator[Podman]:
    if (missing := what_is_missing()) is not None:
        could_not_run(missing)
    podman = Podman(tmp_path_factory.mktemp("podman"))
    podman.make_base_image()
    yield podman
    podman.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_image_is_built_and_serves(
    podman: Podman, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, rows = served_models.wine()
    save_model(model, tmp_path / "wine", input_example=rows[:5])
    monkeypatch.setenv(BUILD_VARIABLE, podman.build_command)
    words = ["models", "build-docker", "-m", "wine", "-n", podman.image, "--base-image", podman.base_image, "--json"]
    assert main(words) == 0, capsys.readouterr().err
    assert json.loads(capsys.readouterr().out)["image"] == podman.image
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
    with (
        podman.running(podman.image, "-p", port, options=["--env", "JTRACK_SERVE_TOKEN=open"]) as container,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        _wait_until_up(client, lambda: container.poll() is None, podman)
        body = {"dataframe_split": rows[:20].to_dict("split")}
        assert client.post("/invocations", json=body).status_code == 401
        answer = client.post("/invocations", json=body, headers={"Authorization": "Bearer open"})
        assert answer.json() == {"predictions": model.predict(rows[:20]).tolist()}
        bad = pd.DataFrame({"alcohol": [1.0]}).to_dict("split")
        told = client.post("/invocations", json={"dataframe_split": bad}, headers={"Authorization": "Bearer open"})
        assert told.status_code == 400 and "hue" in told.text and "proline" in told.text
    assert container.returncode == 0, podman.said()


def _wait_until_up(client: httpx.Client, lives: Callable[[], bool], podman: Podman) -> None:
    until = time.monotonic() + 60
    while True:
        assert lives() and time.monotonic() < until, podman.said()
        try:
            if client.get("/ping").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
