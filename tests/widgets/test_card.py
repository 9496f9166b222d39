"""The card as HTML and as text: complete, safe, small, and readable without its styles."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import pytest

from jtrack.entities import RunStatus
from jtrack.widgets.card.frame import CardFrame, InnerRuns, PreviousRun, Standing, compare_params
from jtrack.widgets.card.html import MAX_BYTES, card_html
from jtrack.widgets.card.panel import RunCard, run_card
from jtrack.widgets.card.text import card_text
from jtrack.widgets.difference import diff_sources
from tests.widgets import samples
from tests.widgets.logged_runs import log_cell_run

NASTY = "<script>alert('x')</script><img src=x onerror=alert(1)>\"&' \u202e名前 ✕ \x00\x1b[31m \ud800"


class Reader(HTMLParser):
    """Checks that elements are closed in order, and collects names, attributes and what a person reads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts.append(" " if tag in ("td", "th", "div", "p", "table") else "")
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def nasty_card() -> CardFrame:
    """Everything that could break a card at once."""
    metrics = tuple(
        samples.metric(f"{NASTY} {i} " + "m" * 200, value, math.nan if i % 2 else 1.0, samples.curve(1, i))
        for i, value in enumerate([math.nan, math.inf, -math.inf, 1e300, 5e-324, *range(55)])
    )
    many = {f"{NASTY}{i}": "z" * 1_000_000 if i < 3 else i for i in range(80)}
    before = samples.params(**{key: f"{value}!" for key, value in many.items()})
    lines = [f"{NASTY} {'long line ' * 40}{i}" for i in range(400)]
    return samples.card(
        run_name=NASTY * 20,
        experiment_name=NASTY,
        status=RunStatus.FAILED,
        error=NASTY * 50,
        metrics=metrics,
        params=compare_params(samples.params(**many), before),
        previous=PreviousRun("0" * 32, NASTY),
        source=diff_sources("\n".join(lines), "\n".join(line + "!" for line in lines), context=1, max_rows=12),
        warnings=(NASTY * 3,),
        standing=Standing(1_000_000, 999_999, NASTY, 123_456),
        inside=InnerRuns(1_000, (NASTY * 3,) * 6),
    )


def test_a_card_says_what_happened() -> None:
    text = Reader(card_html(samples.card())).text
    for said in (
        "● brisk-heron run 7f3a09c1 wine-quality 12.4 s cell [14]",
        "metrics val_accuracy 0.9132 ▲ 0.0121 val_loss 0.2418 ▼ 0.0390 f1 0.8970 ▼ 0.0008",
        "params 2 changed of 4 lr 0.03 0.1 max_depth 6 4 n_estimators 300 seed 1",
        "since quiet-otter",
        "- model = fit(X_train, y_train, lr=0.1, max_depth=4)",
        "+ model = fit(X_train, y_train, lr=0.03, max_depth=6)",
        "⚠ packages: scikit-learn 1.7.0 → 1.7.2",
        "best of 23 in this cell by val_accuracy %compare 0b1c2d3e 7f3a09c1 %runs",
    ):
        assert said in text


def test_better_and_worse_are_more_than_colours() -> None:
    html = card_html(samples.card())
    assert re.search(r'class="jt-better" title="before: 0.9011, better now">▲ 0.0121', html)
    assert re.search(r'class="jt-better" title="before: 0.2808, better now">▼ 0.0390', html)
    assert re.search(r'class="jt-worse" title="before: 0.8978, worse now">▼ 0.0008', html)


def test_params_that_came_and_went_say_so_also_among_those_that_are_folded_away() -> None:
    came, went = ({f"{word}{i}": i for i in range(6)} for word in ("came", "went"))
    frame = samples.card(params=compare_params(samples.params(same=1, **came), samples.params(same=1, **went)))
    text = Reader(card_html(frame)).text
    assert "params 12 changed of 13" in text
    for said in ("came0 0 new", "went0 – 0", "went5 – was 5", "same 1"):
        assert said in text
    assert re.search(r"^ +went0 +–  was 0$", card_text(frame), re.MULTILINE)


def test_a_first_run_has_no_differences() -> None:
    alone = samples.card(
        previous=None,
        source=None,
        warnings=(),
        standing=Standing(1),
        metrics=(samples.metric("val_accuracy", 0.9),),
        params=compare_params(samples.params(lr=0.1), None),
    )
    text = Reader(card_html(alone)).text
    assert "since" not in text
    assert "changed" not in text
    assert "▲" not in text
    assert "first run of this cell" in text
    assert "%compare" not in text


def test_sixty_metrics_show_six_and_the_rest_on_demand() -> None:
    frame = samples.card(metrics=tuple(samples.metric(f"m{i}", float(i)) for i in range(60)))
    html = card_html(frame)
    assert "54 more" in html
    assert len(re.findall(r'<th scope="row">m\d', html)) == 6
    assert "<td>m59</td>" in html


@pytest.mark.parametrize("frame", [samples.card(), nasty_card()], ids=["plain", "nasty"])
def test_a_card_is_small_and_has_no_script(frame: CardFrame) -> None:
    html = card_html(frame)
    assert len(html.encode("utf-8")) <= MAX_BYTES
    reader = Reader(html)
    assert not reader.names & {"script", "iframe", "object", "link", "form", "svg"}
    assert not {name for name in reader.attributes if name.startswith("on")}
    assert "\x00" not in html
    assert "\x1b" not in html


def test_nasty_names_are_only_names() -> None:
    text = Reader(card_html(nasty_card())).text
    assert "<script>alert('x')</script>" in text
    assert "123,456th of 999,999" in text


def test_the_nastiest_card_of_a_real_run_is_small() -> None:
    for turn in range(2):
        params = {f"{'<&>' * 60}{i}": f"{'&<' * 5000}{turn}{i}" for i in range(300)}
        metrics = {f"{'m<' * 60}{i}": [0.1 * turn + k / (i + 1) for k in range(40)] for i in range(100)}
        source = "\n".join(f"x{turn} = '{'<&' * 300}'  # {i}" for i in range(1500))
        error = "Traceback\n" + '  File "x.py"\n' * 3000 + "ValueError: " + "<&" * 5000
        run_id = log_cell_run("<&" * 200, params, metrics, source=source, status=RunStatus.FAILED, error=error)
    for i in range(20):
        log_cell_run(f"{'<&' * 90}{i}", {}, cell_id=None, parent_run_id=run_id)
    card = run_card(run_id)
    assert len(card_html(card.frame).encode()) <= MAX_BYTES
    assert len(repr(card).encode()) <= MAX_BYTES
    text = Reader(card_html(card.frame)).text
    for said in ("ValueError: <&<&", "300 changed of 300", "20 runs inside", "2 runs of this cell"):
        assert said in text


def test_runs_inside_of_a_run_are_named() -> None:
    run_id = log_cell_run("outer", {"lr": 0.1})
    for i in range(8):
        log_cell_run(f"depth-{i}", {}, cell_id=None, parent_run_id=run_id)
    said = "8 runs inside: depth-0, depth-1, depth-2, depth-3, depth-4, depth-5 and 2 more"
    assert said in Reader(card_html(run_card(run_id).frame)).text
    assert said in repr(run_card(run_id))
    assert "inside" not in repr(run_card(log_cell_run("alone", {})))


def test_long_lines_that_differ_at_their_ends_are_not_the_same_source() -> None:
    old, new = (f"values = [{'1, ' * 300}{last}]" for last in (1, 2))
    assert "same source" not in card_text(samples.card(source=diff_sources(old, new)))


def test_a_failed_run_says_so_in_words() -> None:
    frame = samples.card(status=RunStatus.FAILED, error="ValueError: lr is too large")
    assert "✕ failed brisk-heron" in Reader(card_html(frame)).text
    assert "ValueError: lr is too large" in Reader(card_html(frame)).text
    assert card_text(frame).startswith("✕ failed  brisk-heron")


def test_the_text_form_lines_up() -> None:
    assert card_text(samples.card()) == (
        "● finished  brisk-heron  run 7f3a09c1  wine-quality  12.4 s  cell [14]\n"
        "  metrics\n"
        "    val_accuracy  0.9132  ▲ 0.0121  better\n"
        "    val_loss      0.2418  ▼ 0.0390  better\n"
        "    f1            0.8970  ▼ 0.0008  worse\n"
        "  params\n"
        "    lr            0.03  was 0.1\n"
        "    max_depth        6  was 4\n"
        "    n_estimators   300\n"
        "    seed             1\n"
        "  since quiet-otter\n"
        "      %%track wine-quality\n"
        "    - model = fit(X_train, y_train, lr=0.1, max_depth=4)\n"
        "    + model = fit(X_train, y_train, lr=0.03, max_depth=6)\n"
        "      prediction = model.predict(X_val)\n"
        "    … 2 equal\n"
        "    ! packages: scikit-learn 1.7.0 → 1.7.2\n"
        "  best of 23 in this cell by val_accuracy   %compare 0b1c2d3e 7f3a09c1   %runs"
    )


def test_a_card_shows_itself_in_both_forms() -> None:
    card = run_card(log_cell_run("first", {"lr": 0.1}, {"loss": [0.5, 0.4, 0.3]}))
    assert isinstance(card, RunCard)
    bundle = card._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == repr(card)
    assert 'src="data:image/svg+xml;base64,' in bundle["text/html"]
    assert "first" in bundle["text/plain"]


def test_the_text_of_a_panel_commands_no_terminal() -> None:
    card = RunCard(samples.card(run_name="a\u202eb\x1b[31mc\x00 名前"))
    for text in (repr(card), card._repr_mimebundle_()["text/plain"]):
        assert "a\ufffdb\ufffd[31mc\ufffd 名前" in text
