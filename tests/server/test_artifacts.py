"""Files of runs over HTTP: whole, in parts, and without any power over the page that shows them."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest

import jtrack
from tests.server.client import Client

pytestmark = pytest.mark.slow

HTML = "<script>top.location = '/evil'</script><p>hello</p>"


@pytest.fixture
def run_id(folder: Path) -> str:
    (folder / "secret.txt").write_text("secret")
    with jtrack.start_run() as run:
        run.log_text(HTML, "page.html")
        run.log_text("0123456789", "sub/digits.txt")
        run.log_text("x", "größe 50%#?.txt")
        run.log_text("", "empty.txt")
        run.log_dict({"a": 1}, "a.json")
    return run.run_id


def test_a_page_of_html_has_no_power(server: Client, folder: Path, run_id: str) -> None:
    reply = server.get(f"artifacts/{run_id}/page.html", store=folder.name)
    assert reply.status == 200
    assert reply.body.decode() == HTML
    policy = reply.headers["content-security-policy"]
    assert "sandbox;" in policy and "allow-scripts" not in policy and "allow-same-origin" not in policy
    assert policy.count("default-src 'none'") == 2, "Jupyter's policy, and the file's own"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_part_of_a_file(server: Client, folder: Path, run_id: str) -> None:
    def part(header: str, **more: str) -> tuple[int, bytes, str | None]:
        headers = {**server.headers, "Range": header, **more}
        reply = server.get(f"artifacts/{run_id}/sub/digits.txt", headers=headers, store=folder.name)
        return reply.status, reply.body, reply.headers.get("content-range")

    assert part("bytes=2-4") == (206, b"234", "bytes 2-4/10")
    assert part("bytes=-3") == (206, b"789", "bytes 7-9/10")
    assert part("bytes=0-1,5-6") == (200, b"0123456789", None)
    status, _, content_range = part("bytes=10-")
    assert (status, content_range) == (416, "bytes */10")


def test_a_file_that_the_page_has_is_not_sent_again(server: Client, folder: Path, run_id: str) -> None:
    address = f"artifacts/{run_id}/a.json"
    first = server.get(address, store=folder.name)
    again = server.get(address, headers={**server.headers, "If-None-Match": first.headers["etag"]}, store=folder.name)
    assert (again.status, again.body) == (304, b"")
    other = server.get(address, headers={**server.headers, "If-None-Match": '"other"'}, store=folder.name)
    assert other.json == {"a": 1}
    head = server.get(address, method="HEAD", store=folder.name)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(first.body)))


def test_any_name_that_can_be_logged_can_be_asked_for(server: Client, folder: Path, run_id: str) -> None:
    assert server.get(f"artifacts/{run_id}/{quote('größe 50%#?.txt')}", store=folder.name).body == b"x"
    assert server.get(f"artifacts/{run_id}/empty.txt", store=folder.name).body == b""


@pytest.mark.parametrize(
    "path",
    [
        "../../../../secret.txt",
        "..%2f..%2f..%2f..%2fsecret.txt",
        "%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret.txt",
        "sub/..%2f..%2f..%2f..%2f..%2fsecret.txt",
        "%2fetc%2fpasswd",
        "..%5c..%5csecret.txt",
        "sub%00.txt",
        "sub",
        "unlogged.txt",
        "link.txt",
        "linked/secret.txt",
    ],
)
def test_nothing_else_can_be_read(server: Client, folder: Path, run_id: str, path: str) -> None:
    there = Path(jtrack.get_run(run_id).info.artifact_uri)
    (there / "unlogged.txt").write_text("secret")
    os.symlink(folder / "secret.txt", there / "link.txt")
    os.symlink(folder, there / "linked")
    reply = server.get(f"artifacts/{run_id}/{path}", store=folder.name)
    assert reply.status in (400, 404)
    assert b"secret" not in reply.body.replace(b"secret.txt", b"")


def test_a_logged_file_that_became_a_link_is_not_followed(server: Client, folder: Path, run_id: str) -> None:
    file = Path(jtrack.get_run(run_id).info.artifact_uri) / "a.json"
    file.unlink()
    os.symlink(folder / "secret.txt", file)
    assert server.get(f"artifacts/{run_id}/a.json", store=folder.name).status == 404


def test_a_large_file_comes_whole(server: Client, folder: Path) -> None:
    content = os.urandom(3_000_001)
    (folder / "large.bin").write_bytes(content)
    with jtrack.start_run() as run:
        run.log_artifact(folder / "large.bin")
    reply = server.get(f"artifacts/{run.run_id}/large.bin", store=folder.name)
    assert reply.body == content
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["content-disposition"].startswith("attachment;")
