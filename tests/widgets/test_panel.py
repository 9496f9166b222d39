"""The widget around a panel: its three forms, its answers, and the cure for ipykernel 7.4."""

from __future__ import annotations

import math
from typing import Any

import pytest
from ipykernel.comm.comm import BaseComm
from ipywidgets.widgets import widget

from jtrack.errors import InvalidFilterError, InvalidInputError
from jtrack.widgets.html import Markup
from jtrack.widgets.module import renderer_module
from jtrack.widgets.panel import Panel, answer_request, answer_while_busy


class Sample(Panel):
    """A panel with one method of each sort."""

    def __init__(self) -> None:
        super().__init__({"panel": "runs", "value": math.nan}, {"double": self._double, "fail": self._fail})

    def _double(self, n: int) -> dict[str, float]:
        return {"value": n * 2, "limit": math.inf}

    def _fail(self, how: str) -> None:
        if how == "filter":
            raise InvalidFilterError("a > ", 4, "a value is missing", "write one")
        if how == "input":
            raise InvalidInputError("not that", "this")
        raise ZeroDivisionError("division by zero")

    def _html(self) -> Markup:
        return Markup("<p>sample</p>")

    def _text(self) -> str:
        return "sample"


def ask(panel: Sample, method: str, **params: Any) -> dict[str, Any]:
    return answer_request(panel._methods, {"request": "r1", "method": method, "params": params})


def test_a_result_comes_back_under_the_number_of_its_question() -> None:
    assert ask(Sample(), "double", n=4) == {"reply": "r1", "result": {"value": 8, "limit": "Infinity"}}


def test_errors_are_answers_too() -> None:
    panel = Sample()
    assert ask(panel, "fail", how="filter")["error"] == {
        "message": "a value is missing",
        "hint": "write one",
        "position": 4,
    }
    assert ask(panel, "fail", how="input")["error"] == {"message": "not that", "hint": "this", "position": None}
    assert ask(panel, "fail", how="other")["error"]["message"] == "ZeroDivisionError: division by zero"
    assert "no method 'nothing'" in ask(panel, "nothing")["error"]["message"]
    assert "unexpected keyword" in ask(panel, "double", m=1)["error"]["message"]


def test_messages_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Sample()
    sent: list[Any] = []
    monkeypatch.setattr(panel, "send", sent.append)
    for content in ("text", {"other": 1}, None, [1]):
        panel._handle_custom_msg(content, [])
    assert sent == []
    panel._handle_custom_msg({"request": "r2", "method": "double", "params": {"n": 1}}, [])
    assert sent == [{"reply": "r2", "result": {"value": 2, "limit": "Infinity"}}]


def test_a_panel_has_a_live_a_static_and_a_text_form() -> None:
    data, _ = Sample()._repr_mimebundle_()
    assert data["text/html"] == "<p>sample</p>"
    assert data["text/plain"] == "sample"
    assert bool(renderer_module("runs")) == ("application/vnd.jupyter.widget-view+json" in data)


def test_without_the_built_renderers_the_static_forms_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jtrack.widgets.module.packed_module", lambda panel: "")
    data, _ = Sample()._repr_mimebundle_()
    assert set(data) == {"text/html", "text/plain"}


def test_the_frame_travels_as_json_without_nan() -> None:
    assert Sample()._frame_json == {"panel": "runs", "value": "NaN"}


class Comm(BaseComm):
    """ipykernel's comm without a kernel to publish to."""

    def publish_msg(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing."""


class Widget:
    """What the cure needs of a widget."""

    def __init__(self, comm: object) -> None:
        self.comm = comm


def test_a_message_is_handled_where_it_came_from() -> None:
    comm = Comm(target_name="jupyter.widget")
    answer_while_busy(Widget(comm))
    if not hasattr(BaseComm, "_reply_subshell_for"):
        # Before 7.4 ipykernel does so by itself, and nothing is put on its comm.
        assert "_reply_subshell_for" not in vars(comm)
        return
    # What 7.4 notes when a cell publishes on the comm: the main shell, which has no id.
    comm._reply_subshell_id = None
    comm._reply_subshell_ids = {"q1": None}
    assert comm._reply_subshell_for({"content": {"id": "q1"}}, "subshell-1") == "subshell-1"
    assert comm._reply_subshell_for({}, "subshell-1") == "subshell-1"


def test_a_comm_of_another_kernel_is_left_as_it_is() -> None:
    comm = object()
    answer_while_busy(Widget(comm))
    answer_while_busy(Widget(None))


def test_a_panel_that_is_closed_leaves_no_widget_behind() -> None:
    before = set(widget._instances)
    panel = Sample()
    assert set(widget._instances) != before
    panel.close()
    panel.close()
    assert set(widget._instances) == before
