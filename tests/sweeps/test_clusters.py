"""Trials on a real Dask cluster, a local Spark, a local Ray, in processes of their own, one killed in the middle."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hyperopt import hp

import jtrack
from jtrack import queries
from jtrack.sweeps.lanes import Lane
from tests.sweeps.objectives import deadly

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
X = {"x": hp.uniform("x", 0, 1)}


def objective(point: dict[str, float]) -> float:
    """Logs a curve and where it ran."""
    for step in range(25):
        jtrack.log_metric("loss", point["x"], step=step)
    jtrack.log_param("pid", os.getpid())
    time.sleep(0.05)
    return point["x"]


def dies_once(point: dict[str, float]) -> float:
    """The first trial of the sweep to come here ends its process."""
    run = jtrack.active_run()
    assert run is not None
    try:
        os.close(os.open(run.store.path / f"died.{run.info.parent_run_id}", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return objective(point)
    jtrack.log_metric("last_words", 1.0)
    os.kill(os.getpid(), signal.SIGKILL)
    return 0.0


def check_whole(result: Any, n: int) -> None:
    """Hold that every trial is there, with all its points, and ran elsewhere."""
    finished = [row for row in result.rows if row["status"] == "FINISHED"]
    assert [row["tid"] for row in finished] == list(range(n))
    assert all(row["loss"] == row["params.x"] for row in finished)
    assert os.getpid() not in {row["params.pid"] for row in finished}
    points = queries.rows(
        "SELECT n_points FROM runs JOIN latest_metrics USING (run_id) WHERE parent_run_id = ? AND key = 'loss'",
        [result.run_id],
    )
    assert [row["n_points"] for row in points] == [25] * n


@pytest.fixture(scope="module")
def dask_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    distributed = importlib.import_module("distributed")
    folder = tmp_path_factory.mktemp("dask")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.chdir(folder)
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(folder)
        )
        with cluster, distributed.Client(cluster) as client:
            client.run(os.chdir, str(folder))
            yield client


def test_dask_runs_the_trials(dask_client: Any) -> None:
    result = jtrack.sweep(objective, X, max_evals=8, executor=dask_client.get_executor(), parallelism=2, seed=1)
    check_whole(result, 8)
    assert result.n_failed == 0


@pytest.mark.parametrize("executor", ["executor", "client"])
def test_a_worker_of_dask_that_is_killed_costs_its_trial(dask_client: Any, executor: str) -> None:
    given = dask_client if executor == "client" else dask_client.get_executor()
    result = jtrack.sweep(dies_once, X, max_evals=8, executor=given, parallelism=2, seed=1)
    assert (result.n_trials, result.n_failed, result.run.info.status) == (8, 1, "FINISHED")
    (killed,) = [row for row in result.rows if row["status"] == "KILLED"]
    assert killed["error"] == "the worker that ran it died"
    words = queries.rows("SELECT run_id FROM latest_metrics WHERE key = 'last_words'")
    assert killed["run_id"] in [row["run_id"] for row in words]
    assert sorted(row["tid"] for row in result.rows) == list(range(8))


def test_trials_that_kill_worker_after_worker_end_nothing_but_themselves(dask_client: Any) -> None:
    # Every death takes results of other trials along: these are neither waited for in vain nor made again.
    result = jtrack.sweep(deadly, {"x": hp.uniform("x", 0, 0.7)}, max_evals=6, executor=dask_client, seed=1)
    assert [row["tid"] for row in result.rows] == list(range(6))
    assert [row["status"] for row in result.rows] == [
        "KILLED" if row["params.x"] > 0.5 else "FINISHED" for row in result.rows
    ]
    assert (result.n_trials, result.n_failed) == (6, 3)
    assert list((result.store.path / "control").glob("*.sweep")) == []


@pytest.fixture(scope="module")
def spark_session(tmp_path_factory: pytest.TempPathFactory, could_not_run: Callable[[str], NoReturn]) -> Iterator[Any]:
    sql = importlib.import_module("pyspark.sql")
    if shutil.which("java") is None:
        could_not_run("Spark needs a Java: apt-get install default-jre-headless")
    folder = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.chdir(folder)
        builder = sql.SparkSession.builder.master("local[2, 1]").config("spark.ui.enabled", "false")
        session = builder.config("spark.driver.host", "127.0.0.1").config("spark.local.dir", str(folder)).getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


@pytest.mark.filterwarnings("ignore:.*:ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
def test_spark_runs_the_trials(spark_session: Any) -> None:
    result = jtrack.sweep(objective, X, max_evals=6, executor="spark", parallelism=2, seed=1)
    check_whole(result, 6)
    assert result.n_failed == 0


@pytest.mark.filterwarnings("ignore:.*:ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_python_worker_of_spark_that_is_killed_costs_its_trial(spark_session: Any) -> None:
    result = jtrack.sweep(dies_once, X, max_evals=6, executor="spark", parallelism=2, seed=1)
    assert result.n_trials == 6
    assert result.n_failed == 1
    statuses = sorted(row["status"] for row in result.rows)
    assert statuses == ["FINISHED"] * 5 + ["KILLED"]
    assert result.run.info.status == "FINISHED"


@pytest.fixture(scope="module")
def ray_cluster(tmp_path_factory: pytest.TempPathFactory, could_not_run: Callable[[str], NoReturn]) -> Iterator[None]:
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        could_not_run("trials on a local Ray: pip install ray")
    folder = tmp_path_factory.mktemp("ray")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.chdir(folder)
        # A bounded one: no web page, two workers, the least of shared memory that it takes.
        size = {"num_cpus": 2, "object_store_memory": 80 * 2**20}
        ray.init(
            include_dashboard=False, log_to_driver=False, logging_level="ERROR", _node_ip_address="127.0.0.1", **size
        )
        yield
        ray.shutdown()


@pytest.mark.filterwarnings("ignore")
def test_ray_runs_the_trials_and_a_killed_worker_costs_its_trial(ray_cluster: None, own_folder: Path) -> None:
    del ray_cluster
    # Its workers stay where the cluster began, and find the store by its address.
    jtrack.set_tracking_uri(own_folder / "store")
    result = jtrack.sweep(objective, X, max_evals=6, executor="ray", parallelism=2, seed=1)
    check_whole(result, 6)
    assert result.n_failed == 0
    result = jtrack.sweep(dies_once, X, max_evals=6, executor="ray", parallelism=2, seed=1)
    assert sorted(row["status"] for row in result.rows) == ["FINISHED"] * 5 + ["KILLED"]
    assert (result.n_trials, result.n_failed, result.run.info.status) == (6, 1, "FINISHED")


def test_the_width_of_an_executor_is_what_is_asked_for() -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(5) as pool:
        assert Lane(pool, 1, len).width == 5
        assert Lane(pool, 2, len).width == 2
