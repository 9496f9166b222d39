"""The registry's panel without a page: its frame, its script-free forms, and how large they become."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

import jtrack
from jtrack.errors import RegisteredModelNotFoundError
from jtrack.registry import versions
from jtrack.widgets.frames import frame_json
from jtrack.widgets.markdown import markdown_html, markdown_tree, plain_text
from jtrack.widgets.models.frame import fit_frame, models_frame
from jtrack.widgets.models.html import models_html
from jtrack.widgets.models.panel import models
from jtrack.widgets.models.text import EMPTY, models_text
from tests.widgets.registered_models import log_model_run, register_churn

pytestmark = pytest.mark.usefixtures("store_path")

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def html_of(text: str) -> str:
    return "".join(map(str, markdown_html(markdown_tree(text))))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("# Head", "<p><b>Head</b></p>"),
        ("a **b** *c* `d`", "<p>a <strong>b</strong> <em>c</em> <code>d</code></p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        (
            "|a|\n|-:|\n|1|",
            '<table><thead><tr><th align="right">a</th></tr></thead><tbody><tr><td align="right">1</td>',
        ),
        ("[x](https://a.b)", '<a href="https://a.b" rel="noopener noreferrer" target="_blank">x</a>'),
        ("```py\na < b\n```", "<pre><code>a &lt; b</code></pre>"),
        ("![alt](https://tracker.example/p.png)", "<p>alt</p>"),
    ],
)
def test_markdown_is_shown_as_such(written: str, shown: str) -> None:
    assert shown in html_of(written)


@pytest.mark.parametrize(
    "written",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "<a href='javascript:alert(1)'>x</a>",
        "[x](vbscript:x)",
        '[x](https://a.b "onmouseover=alert(1)")',
    ],
)
def test_markdown_never_becomes_script(written: str) -> None:
    html = html_of(written).lower()
    assert "<script" not in html and "<img" not in html
    assert 'href="javascript' not in html and 'href="data' not in html and 'href="vb' not in html
    assert " onerror=" not in html.replace("&lt;img src=x onerror=alert(1)&gt;", "")
    assert " onmouseover=" not in html


def test_the_words_of_a_description_stand_alone() -> None:
    assert plain_text(markdown_tree("# A\n\n- **b**\n- c")).split() == ["A", "b", "c"]


def test_an_empty_registry_says_what_to_type() -> None:
    assert models_text(models_frame(), NOW) == EMPTY
    assert "%register @last NAME" in models_html(models_frame(), NOW)


def test_versions_stand_side_by_side_with_what_changed() -> None:
    register_churn()
    page = models_frame("churn").chosen
    assert page is not None
    assert [version.version for version in page.versions] == [3, 2, 1]
    assert [(metric.key, metric.best) for metric in page.metrics] == [("val_auc", 0.902), ("val_loss", 1 - 0.902)]
    assert [(param.key, param.texts) for param in page.params] == [("depth", ("5", "5", "3"))]
    changed = {detail.key: detail.texts for detail in page.details}
    assert changed["requires scikit-learn"] == ("1.6.1", "1.5.0", "1.5.0")
    assert changed["signature inputs"][0] == "age: double, plan: double, region: double"
    assert ("flavor", "sklearn") in page.constants
    assert page.source is not None and page.source.difference.is_empty


def test_a_version_whose_model_is_gone_is_still_shown() -> None:
    made = register_churn()
    folder = jtrack.get_run(made[0].run_id).info.artifact_uri
    from pathlib import Path

    (Path(folder) / "model" / "MLmodel").unlink()
    page = models_frame("churn").chosen
    assert page is not None
    gone = next(detail for detail in page.details if detail.key == "model")
    assert gone.texts[:2] == (None, None) and "no model" in str(gone.texts[2])


def test_the_forms_tell_the_same() -> None:
    register_churn()
    frame = models_frame("churn")
    html, text = models_html(frame, NOW), models_text(frame, NOW)
    for word in ("version", "champion", "challenger", "Production", "quiet-otter", "0.9020", "1.6.1"):
        assert word in html and word in text
    assert "<script" not in html
    listed = models_text(models_frame(), NOW)
    assert "champion 2" in listed and "Production 2" in listed


@pytest.mark.slow
def test_a_large_registry_stays_small_in_a_notebook() -> None:
    run_id = log_model_run("brisk-heron")
    for i in range(120):
        versions.create_registered_model(f"model-{i} {'x' * 200}", {}, "word " * 2000)
    name = f"model-0 {'x' * 200}"
    for _ in range(12):
        version = versions.register_model(f"runs:/{run_id}/model", name, description="**note** " * 3000)
        versions.set_registered_model_alias(name, f"a{'b' * 200}-{version.version}", version.version)
    for asked in (None, name):
        frame = fit_frame(models_frame(asked))
        n_bytes = len(json.dumps(frame_json(frame))) + len(models_html(frame, NOW).encode())
        assert n_bytes <= 100_000
        assert frame.n_models == 120
    assert models(name).frame.chosen.n_versions == 12


def test_an_unknown_name_is_an_error_with_near_names() -> None:
    register_churn()
    with pytest.raises(RegisteredModelNotFoundError) as caught:
        jtrack.models("chrn")
    assert caught.value.hint == "did you mean 'churn'?"


def test_the_module_is_a_panel_when_it_is_called_and_a_module_else() -> None:
    register_churn()
    from jtrack.models import infer_signature

    assert infer_signature is jtrack.models.infer_signature
    assert jtrack.models("churn").frame.chosen_name == "churn"
    assert jtrack.models().frame.chosen is None
    with pytest.raises(AttributeError, match=r"no attribute 'nope'"):
        jtrack.models.nope  # noqa: B018
