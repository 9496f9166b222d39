"""A person at JupyterLab, as an object: opens a notebook, types into cells, runs them, looks at what comes out.

Waits are for a state that the application itself reports (its models, over ``jupyterapp``), never for time. What a
person does with keys and mouse is done with keys and mouse.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, ElementHandle, Locator, Page, Request

from tests.ui.server import TOKEN, LabServer

SCREENSHOTS = Path(__file__).parent / "screenshots"

# The toolbar's indicator says idle before the kernel is connected, and a run request is then lost without a word.
_KERNEL_READY = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
}"""
_ACTIVATE = """async index => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  await notebook.scrollToItem(index);
}"""
# The count of executions would not do: it begins anew with a restarted kernel.
_WATCH_RUN = """index => {
  const model = window.jupyterapp.shell.currentWidget.content.widgets[index].model;
  window.cellHasRun = false;
  const watch = (_sender, change) => {
    if (change.name === 'executionState' && change.newValue === 'idle') {
      model.stateChanged.disconnect(watch);
      window.cellHasRun = true;
    }
  };
  model.stateChanged.connect(watch);
}"""
_OPEN = "path => window.jupyterapp.commands.execute('docmanager:open', { path }).then(() => null)"
_CLOSE_ALL = """async () => {
  const { shell, serviceManager } = window.jupyterapp;
  for (const widget of [...shell.widgets('main')]) {
    if (widget.context) {
      widget.context.model.dirty = false;
    }
    widget.close();
  }
  shell.collapseLeft();
  shell.collapseRight();
  await serviceManager.sessions.shutdownAll();
}"""


@dataclass
class Lab:
    """JupyterLab in one browser page; ``is_clear`` says that it is loaded and has nothing open."""

    page: Page
    server: LabServer
    is_clear: bool = False
    opens_at: str = "lab/tree"
    console_errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self._note_error(str(error)))
        self.page.on("request", self._note_request)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note_error(message.text)

    def _note_error(self, text: str) -> None:
        # anywidget says so of each module that isn't there within two seconds, and a machine that runs two JupyterLabs
        # at once may take longer. Whether the panel came and answers is what the tests see for themselves.
        if "[anywidget] Failed to initialize model" not in text:
            self.console_errors.append(text)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.foreign_requests.append(request.url)

    def open_notebook(self, path: str) -> Notebook:
        """Open the notebook at ``path`` (relative to the server's root) alone, its kernel ready."""
        if self.is_clear:
            self.is_clear = False
            self.page.evaluate(_OPEN, path)
        else:
            self.page.goto(f"{self.server.url}/{self.opens_at}/{path}?reset&token={TOKEN}")
        self.page.wait_for_function("path => window.jupyterapp?.shell.currentWidget?.context?.path === path", arg=path)
        self.page.evaluate("() => window.jupyterapp.restored")
        self.page.evaluate(_KERNEL_READY)
        return Notebook(self, self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)"))

    def clear(self) -> None:
        """Leave JupyterLab as it was after it was loaded."""
        if self.page.evaluate("() => window.jupyterapp === undefined"):
            return
        self.page.unroute_all()
        self.page.evaluate(_CLOSE_ALL)
        if self.page.evaluate("() => document.body.dataset.jpThemeLight") == "false":
            self.set_theme(dark=False)
        self.page.emulate_media(color_scheme="light")
        self.console_errors.clear()
        self.foreign_requests.clear()
        self.is_clear = True

    def command(self, name: str, **args: Any) -> None:
        """Execute a command by its id and wait for it, as its menu item would."""
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)", [name, args]
        )

    def set_theme(self, dark: bool) -> None:
        """Change between JupyterLab's two themes, and wait until the splash that covers the change is gone."""
        self.command("apputils:change-theme", theme="JupyterLab Dark" if dark else "JupyterLab Light")
        self.page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=str(not dark).lower())
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def choose_from_palette(self, label: str) -> None:
        """Press Ctrl+Shift+C, type a command's label and press Enter."""
        self.page.keyboard.press("Control+Shift+C")
        self.page.locator(".lm-CommandPalette-input:visible").fill(label)
        self.page.locator(".lm-CommandPalette-item:visible", has_text=label).first.wait_for()
        self.page.keyboard.press("Enter")

    def screenshot(self, name: str, of: Locator | ElementHandle | None = None) -> Path:
        """Keep a picture of the page, or of one element in it, in the git-ignored folder ``screenshots``."""
        path = SCREENSHOTS / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        (of or self.page).screenshot(path=str(path))
        return path


@dataclass
class Notebook:
    """The open notebook; cells are counted from 0, text cells included."""

    lab: Lab
    panel: Locator

    @property
    def page(self) -> Page:
        return self.lab.page

    def cell(self, index: int) -> Locator:
        return self.panel.locator(f'.jp-Cell[data-windowed-list-index="{index}"]')

    def outputs(self, index: int) -> Locator:
        return self.cell(index).locator(".jp-OutputArea-output")

    def faults(self, index: int) -> list[Any]:
        """Errors of a cell, and what it wrote to stderr."""
        model = "window.jupyterapp.shell.currentWidget.content.widgets[i].model"
        outputs = self.page.evaluate(f"i => {model}.outputs.toJSON()", index)
        return [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]

    def source(self, index: int) -> str:
        model = "window.jupyterapp.shell.currentWidget.content.widgets[i].model"
        return str(self.page.evaluate(f"i => {model}.sharedModel.getSource()", index))

    def edit_cell(self, index: int, source: str) -> None:
        """Replace what is typed in a cell."""
        self._focus(index)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def run_cell(self, index: int, timeout_s: float = 120) -> Locator:
        """Press Ctrl+Enter in a cell and wait until its kernel is done with it; gives its outputs."""
        self.page.evaluate(_WATCH_RUN, index)
        self._focus(index)
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function("() => window.cellHasRun", timeout=timeout_s * 1000)
        return self.outputs(index)

    def wait_for_output(self, index: int, text: str) -> Locator:
        """Wait until an output of a cell shows ``text``; its source does not count."""
        output = self.outputs(index).filter(has_text=text).first
        output.wait_for()
        return output

    def scroll_to(self, index: int) -> Locator:
        self.page.evaluate(_ACTIVATE, index)
        cell = self.cell(index)
        cell.scroll_into_view_if_needed()
        return cell

    def _focus(self, index: int) -> None:
        self.scroll_to(index)
        self.cell(index).locator(".cm-content").first.click()
