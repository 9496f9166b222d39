"""The same lines drawn by jtrack's parallel coordinates and by plotly's, in one Chromium without a GPU.

A time ends when the picture is there: after what the library calls done come two more frames of the browser. A brush
of jtrack's is a step of a drag, with pointer events; plotly is given its ``constraintrange`` and spared the pointer.
"""

from __future__ import annotations

import json
import math
import random
from importlib import resources
from typing import Any

from playwright.sync_api import Browser, Page

_FRAMES = "() => void (window.frame = () => new Promise(resolve => requestAnimationFrame(() => resolve())))"

_OURS = """async () => {
  const panel = () => document.querySelector('.jt-parallel');
  // The frame that a notebook keeps holds some of the lines; the others are asked for, and all are to be there.
  const isWhole = () => !panel().querySelector('.jt-head').textContent.includes('of them here');
  const settled = async () => {
    while (panel().dataset.drawn !== 'true' || !isWhole()) await frame();
    await frame();
    await frame();
  };
  await settled();
  const paints = [];
  for (let i = 0; i < 5; i++) {
    window.close();
    await frame();
    const start = performance.now();
    window.open_();
    await settled();
    paints.push(performance.now() - start);
  }
  const at = (track, type, y) => {
    const box = track.getBoundingClientRect();
    const where = { clientX: box.left + 14, clientY: box.top + 8 + y, pointerId: 1, buttons: 1, bubbles: true };
    track.dispatchEvent(new PointerEvent(type, where));
  };
  const brushes = [];
  for (const index of [0, 1, 4, 7, 9]) {
    const track = document.querySelectorAll('.jt-track')[index];
    track.setPointerCapture = () => undefined;
    at(track, 'pointerdown', 5);
    for (let y = 18; y <= 198; y += 12) {
      const start = performance.now();
      at(track, 'pointermove', y);
      await settled();
      brushes.push(performance.now() - start);
    }
    at(track, 'pointerup', 198);
    at(track, 'pointerdown', 100);
    at(track, 'pointerup', 100);
    await settled();
  }
  return { paints, brushes };
}"""

_PLOTLYS = """async dimensions => {
  const node = document.getElementById('plot');
  const settled = async () => { await frame(); await frame(); };
  const start = performance.now();
  const line = { color: dimensions.at(-1).values, colorscale: 'Viridis' };
  await Plotly.newPlot(node, [{ type: 'parcoords', line, dimensions }], { width: 1000, height: 330 });
  await settled();
  const paints = [performance.now() - start];
  const brushes = [];
  for (let i = 1; i <= 5; i++) {
    const { values } = dimensions[i - 1];
    const low = Math.min(...values);
    const high = low + (Math.max(...values) - low) * i / 6;
    const start = performance.now();
    await Plotly.restyle(node, { ['dimensions[' + (i - 1) + '].constraintrange']: [[low, high]] });
    await settled();
    brushes.push(performance.now() - start);
    await Plotly.restyle(node, { ['dimensions[' + (i - 1) + '].constraintrange']: [null] });
  }
  return { paints, brushes };
}"""


def invent_columns(n_lines: int, n_axes: int) -> dict[str, list[float]]:
    """Invent lines, the last column an objective that the first three have something to do with."""
    chance = random.Random(7)
    columns = {f"param_{axis:02d}": [chance.gauss(0, 1) for _ in range(n_lines)] for axis in range(n_axes - 1)}
    for axis in (2, 5):
        columns[f"param_{axis:02d}"] = [10 ** chance.uniform(-6, 0) for _ in range(n_lines)]
    first, second = columns["param_00"], columns["param_01"]
    columns["val_loss"] = [
        math.exp(0.5 * a - 0.2 * b + chance.gauss(0, 0.1)) for a, b in zip(first, second, strict=True)
    ]
    return columns


def measure_ours(page: Page) -> dict[str, list[float]]:
    """Milliseconds of first paints and of brushes; the page shows a panel and can open it anew."""
    page.evaluate(_FRAMES)
    found: dict[str, list[float]] = page.evaluate(_OURS)
    return found


def measure_plotly(browser: Browser, columns: dict[str, list[float]]) -> dict[str, list[float]]:
    """The same of plotly's ``parcoords``, with the plotly.js that the Python package ships."""
    script = resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    page.set_default_timeout(600_000)
    page.set_content("<!doctype html><div id='plot'></div>")
    page.add_script_tag(content=script)
    page.evaluate(_FRAMES)
    dimensions: list[dict[str, Any]] = json.loads(json.dumps([{"label": k, "values": v} for k, v in columns.items()]))
    found: dict[str, list[float]] = page.evaluate(_PLOTLYS, dimensions)
    page.close()
    return found
