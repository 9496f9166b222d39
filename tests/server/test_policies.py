"""A server with policies of its own: an authorizer that lets nobody write, a Content-Security-Policy from a portal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import jtrack
from tests.server.client import Client, serve

pytestmark = pytest.mark.slow

PORTAL = "frame-ancestors https://portal.example"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    options = (
        "--ServerApp.authorizer_class=tests.server.readonly.ReadOnly",
        f"--ServerApp.tornado_settings={{'headers': {{'Content-Security-Policy': '{PORTAL}'}}}}",
    )
    with serve(tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("jupyter"), *options) as client:
        yield client


@pytest.fixture
def run_id(strict: Client, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(strict.root)
    jtrack.set_tracking_uri(None)
    with jtrack.start_run(run_name="kept") as run:
        run.log_text("<p>", "page.html")
    return run.run_id


def test_who_may_only_read_reads_all_and_changes_nothing(strict: Client, run_id: str) -> None:
    assert strict.get("runs").json["n_runs"] >= 1
    assert strict.get(f"runs/{run_id}").status == 200
    assert "result" in strict.post("panels/runs", {"request": 1}).json
    for method in ("stop", "knob", "note", "delete", "tag", "register", "promote", "describe", "edit"):
        assert strict.post("panels/runs", {"panel_id": "x", "method": method}).status == 403
    assert strict.post("panels/runs", {"panel_id": "x", "method": "rows"}).status == 410
    assert strict.get("runs.csv").status == 200
    assert strict.get(f"artifacts/{run_id}/page.html").body == b"<p>"
    assert strict.get("changes").status == 200
    for action in ("delete", "note", "stop", "rename"):
        reply = strict.post(f"runs/{run_id}/{action}", {"text": "x", "run_name": "x"})
        assert reply.status == 403
    assert jtrack.get_run(run_id).info.run_name == "kept"


def test_a_file_keeps_its_own_policy_beside_that_of_a_portal(strict: Client, run_id: str) -> None:
    policy = strict.get(f"artifacts/{run_id}/page.html").headers["content-security-policy"]
    assert PORTAL in policy
    assert "sandbox; default-src 'none'" in policy
