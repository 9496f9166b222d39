"""Training that is watched and steered in a real JupyterLab: curves move, and buttons work while the cell runs."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, expect

from tests.ui.lab import Lab, Notebook
from tests.ui.side import accessibility_faults

TRAIN = """
%%track digits --name {name}
import math, time, jtrack
run = jtrack.active_run()
n_epochs = 400
for epoch in range(n_epochs):
    lr = run.knob("lr", 0.1)
    jtrack.log_metrics({{"val_loss": math.exp(-epoch / 60) + 0.02 * math.sin(epoch), "lr_used": lr}}, step=epoch)
    time.sleep(0.05)
    if run.should_stop:
        break
print("ended after", epoch + 1, "with", lr)
""".strip()
NOTES = """
[row["text"] for row in jtrack.sql(
    "SELECT detail ->> 'text' AS text FROM events WHERE kind = 'note_added'").df().to_dict("records")]
""".strip()
_IS_BUSY = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
_IS_IDLE = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"


def open_new_notebook(lab: Lab, folder: Path, *sources: str) -> Notebook:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
    path = folder / "live.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources], metadata=kernel), path)
    return lab.open_notebook(f"{folder.name}/{path.name}")


def begin(notebook: Notebook, index: int) -> None:
    """Run a cell without waiting for its end."""
    notebook.scroll_to(index)
    notebook.cell(index).locator(".cm-content").first.click()
    notebook.page.keyboard.press("Control+Enter")
    notebook.page.wait_for_function(_IS_BUSY)


def wait_for_longer_curve(panel: Locator) -> None:
    """Wait until a curve has grown twice: what is shown moves."""
    line = panel.locator(".jt-live-line").first
    line.wait_for(state="attached")
    for _ in range(2):
        before = line.get_attribute("d")
        panel.page.wait_for_function(
            "([node, before]) => node.getAttribute('d') !== before", arg=[line.element_handle(), before]
        )


def test_the_card_of_a_cell_that_trains_is_alive_and_its_stop_ends_the_loop(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, "%load_ext jtrack", TRAIN.format(name="first"))
    notebook.run_cell(0)
    begin(notebook, 1)
    panel = notebook.outputs(1).locator(".jt-live-panel")
    panel.wait_for()
    wait_for_longer_curve(panel)
    panel.get_by_text("400 n_epochs").wait_for()
    panel.get_by_text("CPU").wait_for()
    lab.screenshot("live-running", of=panel)

    field = panel.get_by_label("lr", exact=True)
    field.fill("0.025")
    field.press("Enter")
    panel.locator(".jt-tile", has_text="lr_used").locator(".jt-num", has_text="0.025").wait_for()

    panel.get_by_role("button", name="stop after this epoch").click()
    lab.page.wait_for_function(_IS_IDLE)
    printed = notebook.wait_for_output(1, "ended after").inner_text()
    assert int(printed.split()[2]) < 400
    assert printed.split()[-1] == "0.025"
    # The card stands where the panel stood, and is all that a saved notebook keeps of it.
    notebook.outputs(1).locator(".jt-card").wait_for()
    assert notebook.outputs(1).locator(".jt-live-panel").count() == 0
    assert lab.console_errors == []
    assert lab.foreign_requests == []


def test_a_panel_above_turns_to_each_run_and_keeps_notes(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(
        lab, folder, "%load_ext jtrack\n%config JTrack.live = False", "%live", TRAIN.format(name="second"), NOTES
    )
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.outputs(1).locator(".jt-live-panel")
    panel.get_by_text("No run is running").wait_for()
    begin(notebook, 2)
    wait_for_longer_curve(panel)
    drawn = panel.element_handle()
    assert panel.locator(".jt-name").inner_text() == "second"
    panel.get_by_label("note", exact=True).fill("the loss is falling")
    panel.get_by_label("note", exact=True).press("Enter")
    panel.locator(".jt-notes", has_text="the loss is falling").wait_for()
    panel.get_by_role("button", name="stop after this epoch").click()
    lab.page.wait_for_function(_IS_IDLE)
    panel.get_by_label("finished").wait_for()
    lab.screenshot("live-ended", of=panel)
    # What is saved says how the run ended, not how it stood when the panel was made.
    text = "window.jupyterapp.shell.currentWidget.content.widgets[1].model.outputs.toJSON()[0].data['text/plain']"
    lab.page.wait_for_function(f"() => {text}.includes('finished  second')")
    assert panel.evaluate("(node, before) => node === before", drawn), "what is saved of it alone was renewed"
    notebook.run_cell(3)
    notebook.wait_for_output(3, "['the loss is falling']")
    assert lab.console_errors == []


def test_the_card_goes_without_a_message_to_the_subshell_that_goes_with_it(fresh_lab: Lab, folder: Path) -> None:
    sent: list[str] = []

    def keep(message: str | bytes) -> None:
        sent.append(str(message))

    fresh_lab.page.on("websocket", lambda socket: socket.on("framesent", keep))
    notebook = open_new_notebook(fresh_lab, folder, "%load_ext jtrack", TRAIN.format(name="brief"))
    notebook.run_cell(0)
    begin(notebook, 1)
    panel = notebook.outputs(1).locator(".jt-live-panel")
    wait_for_longer_curve(panel)
    panel.get_by_role("button", name="stop after this epoch").click()
    notebook.outputs(1).locator(".jt-card").wait_for()
    expect(panel).to_have_count(0)
    fresh_lab.page.wait_for_function(_IS_IDLE)
    watching = [message for message in sent if '"method":"watch"' in message]
    assert any('"visible":true' in message for message in watching)
    assert not any('"visible":false' in message for message in watching)


def test_a_quick_cell_shows_no_live_card(lab: Lab, folder: Path) -> None:
    quick = "%%track --name quick\nimport jtrack\nfor i in range(5):\n    jtrack.log_metric('loss', 1 / (i + 1))"
    notebook = open_new_notebook(lab, folder, "%load_ext jtrack", quick)
    notebook.run_cell(0)
    lab.page.evaluate(
        """() => {
          window.sawLive = false;
          new MutationObserver(() => (window.sawLive ||= !!document.querySelector('.jt-live-panel')))
            .observe(document.body, { childList: true, subtree: true });
        }"""
    )
    notebook.run_cell(1)
    notebook.outputs(1).locator(".jt-card").wait_for()
    assert not lab.page.evaluate("() => window.sawLive")


def test_the_live_panel_takes_the_theme_of_jupyterlab(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, "%load_ext jtrack", TRAIN.format(name="themed"))
    notebook.run_cell(0)
    begin(notebook, 1)
    panel = notebook.outputs(1).locator(".jt-live-panel")
    wait_for_longer_curve(panel)
    for theme in ("dark", "light"):
        lab.set_theme(dark=theme == "dark")
        assert panel.evaluate("node => getComputedStyle(node).colorScheme") == theme
        lab.screenshot(f"live-{theme}", of=panel)
        assert accessibility_faults(lab.page, ".jt-live-panel") == []
    panel.get_by_role("button", name="stop after this epoch").click()
    lab.page.wait_for_function(_IS_IDLE)
