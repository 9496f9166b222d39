"""A server's card: what it serves, where, and a line to ask it with. HTML without script."""

from __future__ import annotations

from jtrack.registry.serving.server import Server
from jtrack.widgets.format import plural
from jtrack.widgets.html import Markup, join, tag
from jtrack.widgets.style import stylesheet


def server_html(server: Server) -> Markup:
    """Render a server's card."""
    return join(
        [
            stylesheet("served"),
            tag(
                "div",
                _head(server),
                _ways(server) if server.is_running else None,
                _foot(server),
                class_="jtrack jt-served",
                role="group",
                aria_label=f"server of {server.model_uri}",
            ),
        ]
    )


def server_text(server: Server) -> str:
    """Render it as text."""
    lines = [f"{'○' if server.is_running else '●'} {server.model_uri}  {_state(server)}", f"  {server.url}"]
    if server.model != server.model_uri:
        lines.append(f"  serves {server.model}")
    return "\n".join([*lines, f"  {_note(server)}"])


def servers_text(servers: list[Server]) -> str:
    """Render the servers that run, one a line."""
    if not servers:
        return "no server runs: %serve models:/NAME@ALIAS, or jtrack models serve -m URI"
    return "\n".join(f"{server.url}  {server.model_uri}  {server.model}  {_note(server)}" for server in servers)


def _head(server: Server) -> Markup:
    shape, word, kind = ("○", "serving", "jt-live") if server.is_running else ("●", "ended", "jt-muted")
    return tag(
        "div",
        tag(
            "span",
            tag("span", shape, class_=f"jt-state {kind}", aria_hidden="true"),
            " ",
            tag("span", word, class_=kind),
        ),
        " ",
        tag("b", server.model_uri, class_="jt-name"),
        " ",
        tag("span", server.model) if server.model != server.model_uri else None,
        " ",
        tag("span", tag("code", server.url), class_="jt-end"),
        class_="jt-head",
    )


def _ways(server: Server) -> Markup:
    rows = [
        ("Python", "server.predict(X[:5])"),
        ("shell", f"curl {server.url}/invocations -H 'Content-Type: application/json' -d '{{\"dataframe_split\": …}}'"),
        ("page", f"{server.url}/docs"),
    ]
    table = tag(
        "table", [tag("tr", tag("td", way, class_="jt-muted"), tag("td", tag("code", code))) for way, code in rows]
    )
    return tag("div", table, class_="jt-ways")


def _foot(server: Server) -> Markup:
    workers = server.record.options.n_workers
    more = [plural(workers, "worker"), "its alias is followed"] if _is_followed(server) else [plural(workers, "worker")]
    return tag("div", tag("span", _note(server)), " ", tag("span", " · ".join(more), class_="jt-end"), class_="jt-foot")


def _is_followed(server: Server) -> bool:
    from jtrack.registry.serving.follow import can_move

    return can_move(server.model_uri)


def _state(server: Server) -> str:
    return "serving" if server.is_running else "ended"


def _note(server: Server) -> str:
    if not server.is_running:
        return "it has ended"
    if server.record.owner_pid is None:
        return f"runs until it is stopped: jtrack models stop {server.port}"
    return f"ends with the process that started it, {server.record.owner_pid}, or by stop()"
