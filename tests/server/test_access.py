"""Who may ask: Jupyter's own rules of token, cookie, XSRF and base_url hold for every route."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import jtrack
from tests.server.client import BASE_URL, TOKEN, Client, Reply
from tests.ui.server import ROOT, enable_server_extension, environment

pytestmark = pytest.mark.slow

GETS = "where runs runs.csv runs.parquet runs/x runs/x/cell runs/x/metrics/y cells artifacts/x/y changes".split()
POSTS = ["panels/runs", "runs/x/stop", "runs/x/delete"]


@pytest.mark.parametrize("path", GETS)
def test_reading_needs_the_token(server: Client, path: str) -> None:
    reply = server.get(path, headers={})
    assert reply.status == 403
    assert server.get(path, headers={"Authorization": "token wrong"}).status == 403


@pytest.mark.parametrize("path", POSTS)
def test_acting_needs_the_token(server: Client, path: str) -> None:
    assert server.post(path, headers={}).status == 403


def test_a_cookie_alone_may_read_and_may_not_act(server: Client) -> None:
    cookies = log_in(server)
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    assert server.get("where", headers=cookie).status == 200
    refused = server.post("panels/runs", {}, headers=cookie)
    assert refused.status == 403
    assert "_xsrf" in refused.json["message"]
    with_xsrf = {**cookie, "X-XSRFToken": cookies["_xsrf"]}
    assert server.post("panels/runs", {}, headers=with_xsrf).status == 200
    assert server.post("panels/runs", {}, headers={**cookie, "X-XSRFToken": "wrong"}).status == 403


def test_another_site_can_show_no_file_with_the_users_cookie(server: Client) -> None:
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in log_in(server).items())}
    foreign = {**cookie, "Referer": "http://elsewhere.example/page"}
    assert server.get("artifacts/x/y", headers=foreign).status == 403
    own = {**cookie, "Referer": f"http://127.0.0.1:{server.port}{BASE_URL}lab"}
    assert server.get("artifacts/x/y", headers=own).status == 404


def test_routes_lie_below_the_base_url_only(server: Client) -> None:
    assert server.get("where").status == 200
    assert server.get("/jtrack/api/where").status == 404


def test_answers_are_json_with_jupyters_policy_and_out_of_caches(server: Client) -> None:
    reply = server.get("runs")
    assert reply.headers["content-type"].startswith("application/json")
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "no-cache" in reply.headers["cache-control"]


def test_a_route_takes_its_own_methods_only(server: Client) -> None:
    assert server.post("runs").status == 405
    assert server.get("panels/runs").status == 405
    assert server.get("runs/x/stop").status == 405


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "no JSON"),
        (b"[1]", "JSON object"),
        (b'{"params": {"limit": NaN}}', "NaN is not JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (json.dumps({"notebook_path": 3}).encode(), "notebook_path has to be text"),
    ],
)
def test_a_garbled_body_is_named(server: Client, body: bytes, message: str) -> None:
    reply = server.post("panels/runs", body)
    assert reply.status == 400
    assert message in reply.json["message"]


def test_jupyter_lists_the_extension_as_ok(tmp_path: Path) -> None:
    enable_server_extension(tmp_path)
    command = [sys.executable, "-m", "jupyter_server.extension.serverextension", "list"]
    env = {**environment(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    listed = " ".join(re.sub(r"\x1b\[\d+m", "", done.stdout + done.stderr).split())
    assert "jtrack enabled" in listed
    assert f"jtrack {jtrack.__version__} OK" in listed


def log_in(server: Client) -> dict[str, str]:
    """Get the cookies of a browser that came by the link with the token."""
    page: Reply = server.send("GET", f"{BASE_URL}tree?token={TOKEN}", None, {})
    asked = server.send("GET", f"{BASE_URL}api?token={TOKEN}", None, {})
    cookies = {**page.cookies, **asked.cookies}
    login = server.send("GET", f"{BASE_URL}login?token={TOKEN}", None, {})
    return {**cookies, **login.cookies}
