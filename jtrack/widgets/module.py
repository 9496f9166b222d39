"""The module that a widget hands to its page: a panel's renderer and its rules, packed, in lines that unpack them.

Each widget has its module in its state, and a notebook may be saved with that. Packed it takes a third of the room, and
the rest is left to what the panel shows.
"""

from __future__ import annotations

import base64
import json
import zlib
from functools import cache
from importlib import resources

from jtrack.widgets import front_end
from jtrack.widgets.style import widget_stylesheet

_UNPACK = """
const packed = '%(packed)s';
const bytes = Uint8Array.from(atob(packed), letter => letter.charCodeAt(0));
const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
const { code, css } = await new Response(unpacked).json();
const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
const { default: widget } = await import(/* webpackIgnore: true */ address);
URL.revokeObjectURL(address);
if (!document.getElementById('jtrack-%(panel)s')) {
  const style = document.createElement('style');
  style.id = 'jtrack-%(panel)s';
  style.textContent = css;
  document.head.append(style);
}
export default { render: shown => widget.render(shown) };
""".strip()


def renderer_module(panel: str) -> str:
    """The built TypeScript renderer of one panel; empty in a source tree where it wasn't built."""
    module = resources.files("jtrack.widgets").joinpath("static", f"{panel}.js")
    return module.read_text(encoding="utf-8") if module.is_file() else ""


def widget_module(panel: str) -> dict[str, str]:
    """The traits by which anywidget draws one panel: its module, or the address of it and the rules."""
    address = front_end.modules_address()
    if address is None:
        return {"_esm": packed_module(panel)}
    return {"_esm": f"{address}/{panel}.js", "_css": widget_stylesheet(panel)}


@cache
def packed_module(panel: str) -> str:
    """A module that draws one panel and brings its rules along; empty where the renderer wasn't built."""
    code = renderer_module(panel)
    content = json.dumps({"code": code, "css": widget_stylesheet(panel)}, ensure_ascii=False)
    packed = base64.b64encode(zlib.compress(content.encode(), 9)).decode()
    return _UNPACK % {"panel": panel, "packed": packed} if code else ""
