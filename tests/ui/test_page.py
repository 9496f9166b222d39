"""The page without JupyterLab, in a real browser behind a base URL: the same panels, and nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

import jtrack
from tests.server.client import BASE_URL, TOKEN, Client, serve
from tests.ui.lab import SCREENSHOTS
from tests.ui.side import accessibility_faults
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serve(tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture
def page(client: Client, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The page as its link opens it; nothing may go wrong in it, and no other host be asked."""
    monkeypatch.chdir(client.root)
    jtrack.set_tracking_uri(None)
    wrong: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((f"http://127.0.0.1:{client.port}{BASE_URL}", "data:", "blob:")):
            wrong.append(request.url)

    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("request", note)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"http://127.0.0.1:{client.port}{BASE_URL}jtrack?token={TOKEN}")
    yield page
    context.close()
    assert wrong == []


def log_run(name: str, lr: float) -> str:
    with jtrack.start_run(run_name=name) as run:
        jtrack.log_param("lr", lr)
        for step in range(20):
            jtrack.log_metric("loss", lr + 1 / (step + 1), step=step)
    return run.run_id


def test_runs_are_found_opened_and_followed_and_each_place_has_an_address(page: Page, client: Client) -> None:
    assert TOKEN not in page.url, "whoever sees the screen sees the address"
    table = page.locator(".jt-runs")
    table.wait_for()
    before = log_run("before", 0.1)
    rows = table.locator("tbody th", has_text=re.compile("before|after"))
    expect(rows).to_have_count(1)
    log_run("after", 0.3)
    expect(rows).to_have_count(2)
    page.screenshot(path=SCREENSHOTS / "page-runs.png")

    page.goto(f"{page.url.partition('#')[0]}#/run/{before}")
    shown = page.locator(".jt-run-page")
    expect(shown).to_contain_text("before")
    expect(page).to_have_title(re.compile("before"))
    shown.get_by_role("tab", name="metrics").click()
    expect(shown.locator(".jt-chart .jt-curve")).to_have_count(1)
    page.screenshot(path=SCREENSHOTS / "page-run.png")
    page.go_back()
    expect(table).to_be_visible()
    page.goto(f"{page.url.partition('#')[0]}#/run/gone")
    expect(page.get_by_role("alert")).to_contain_text("no run 'gone'")

    with jtrack.start_run(run_name="training") as run:
        run.log_metric("loss", 1.0, step=0)
        page.get_by_role("link", name="live").click()
        live = page.locator(".jt-live-panel")
        expect(live).to_contain_text("training")
        page.screenshot(path=SCREENSHOTS / "page-live.png")
        live.get_by_role("button", name="stop after this epoch").click()
        expect(live.get_by_role("button", name="asked to stop")).to_be_visible()
        assert wait_until(run.should_stop.now)
    expect(live.get_by_label("finished")).to_be_visible()


def log_trial(sweep: str, lr: float) -> str:
    with jtrack.start_run(run_name=f"trial-{lr}", nested=True, parent_run_id=sweep) as trial:
        jtrack.log_param("lr", lr)
        jtrack.log_metric("loss", lr)
    return trial.run_id


def test_a_sweep_that_ended_in_an_open_page_is_followed_when_it_is_taken_up_and_cut(page: Page) -> None:
    with jtrack.start_run(run_name="searching") as sweep:
        first = log_trial(sweep.run_id, 0.1)
        page.goto(f"{page.url.partition('#')[0]}#/parallel/{sweep.run_id}")
        head = page.locator(".jt-parallel .jt-head")
        expect(head.locator(".jt-live")).to_be_visible()
        log_trial(sweep.run_id, 0.2)
        expect(head).to_contain_text("2 runs")
    expect(head.locator(".jt-live")).to_have_count(0)
    jtrack.delete_run(first)
    expect(head).to_contain_text("1 run")
    with jtrack.start_run(run_id=sweep.run_id):
        expect(head.locator(".jt-live")).to_be_visible()
        log_trial(sweep.run_id, 0.3)
        expect(head).to_contain_text("2 runs")
        expect(head).not_to_contain_text("of them here")
        page.screenshot(path=SCREENSHOTS / "page-parallel.png")
    expect(head.locator(".jt-live")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_panel_that_can_not_be_read_is_told_and_tried_again(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    log_run("there", 0.1)
    held: list[Route] = []
    page.route("**/jtrack/api/panels/models", lambda route: held.append(route))
    page.get_by_role("link", name="models").click()
    reading = page.get_by_role("status").filter(has_text="reading")
    expect(reading).to_be_visible()
    expect(page.locator(".jt-stead .jt-name")).to_have_text("models")
    page.screenshot(path=SCREENSHOTS / f"page-reading-{scheme}.png")
    fault = {"message": "the store is locked by another process", "hint": "try again when it has ended"}
    wait_until(lambda: page.evaluate("true") and held)
    held.pop().fulfill(json={"panel_id": None, "error": fault})
    expect(page.get_by_role("alert")).to_contain_text("the store is locked by another process")
    assert accessibility_faults(page, "body") == []
    page.screenshot(path=SCREENSHOTS / f"page-again-{scheme}.png")
    page.unroute("**/jtrack/api/panels/models")
    page.get_by_role("button", name="try again").click()
    expect(page.locator(".jt-models")).to_contain_text("No registered models yet.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_either_theme(page: Page, scheme: str) -> None:
    ids = [log_run(f"{scheme}-{lr}", lr) for lr in (0.1, 0.3)]
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    address = page.url.partition("#")[0]
    for panel, ready in (
        ("runs", ".jt-runs tbody th"),
        (f"run/{ids[0]}", ".jt-run-page .jt-columns"),
        (f"compare/{'+'.join(ids)}", ".jt-compare .jt-chart"),
        ("models", ".jt-models"),
        (f"live/{ids[0]}", ".jt-live-panel .jt-tile"),
    ):
        page.goto(f"{address}#/{panel}")
        page.locator(ready).first.wait_for()
        assert accessibility_faults(page, "body") == [], panel
        page.screenshot(path=SCREENSHOTS / f"page-{panel.partition('/')[0]}-{scheme}.png")
    assert page.evaluate("() => getComputedStyle(document.querySelector('.jtrack')).colorScheme") in (
        scheme,
        "light dark",
    )


def test_without_the_token_there_is_only_the_way_to_log_in(client: Client, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{client.port}{BASE_URL}jtrack")
    expect(page).to_have_url(re.compile(re.escape(f"{BASE_URL}login")))
    context.close()
    for name in ("jtrack/page.js", "jtrack/page.css"):
        assert client.send("GET", f"{BASE_URL}{name}", None, {}).status in (302, 403)


def test_the_page_lets_nothing_in_from_elsewhere(client: Client) -> None:
    document = client.send("GET", f"{BASE_URL}jtrack", None, client.headers)
    policy = document.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    text = document.body.decode()
    assert "<script>" not in text and f'data-base-url="{BASE_URL}"' in text
    script = client.send("GET", f"{BASE_URL}jtrack/page.js", None, client.headers)
    assert script.headers["content-type"].startswith("text/javascript")
    assert len(script.body) < 300_000
    assert client.send("GET", f"{BASE_URL}jtrack/page.py", None, client.headers).status == 404
