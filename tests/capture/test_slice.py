"""The slice: what it takes, what it leaves, and that it makes the same value, on programs nobody thought of."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jtrack.capture.slice import follow
from jtrack.capture.slice_source import ExecutedCell, StatementKind, read_statements


def sliced(name: str, *cells: str) -> str:
    return follow([ExecutedCell(cell, number) for number, cell in enumerate(cells, 1)]).slice_of([name]).source


def cells_of(name: str, *cells: str) -> list[int]:
    found = follow([ExecutedCell(cell, number) for number, cell in enumerate(cells, 1)]).slice_of([name])
    return [cell + 1 for cell in found.cells]


# -- cells as they are written ------------------------------------------------------------------------------


def test_magics_and_shell_lines_are_told_from_python() -> None:
    source = (
        'x = (10\n  % 3)\n%matplotlib inline\n!pip install a \\\n  b\nt = """\n%no\n!no\n"""\n%time y = x\nls = !ls\nx?'
    )
    found = [(one.kind.value, one.text) for one in read_statements([ExecutedCell(source)])]
    assert found == [
        ("python", "x = (10\n  % 3)"),
        ("magic", "%matplotlib inline"),
        ("shell", "!pip install a \\\n  b"),
        ("python", 't = """\n%no\n!no\n"""'),
        ("python", "y = x"),
        ("shell", "ls = !ls"),
    ]


@pytest.mark.parametrize("head", ["%%time\n", "%%capture out\n%%time\n", "\n%%track churn lr=1 \\\n  --name x\n"])
def test_a_cell_magic_that_runs_python_is_looked_into(head: str) -> None:
    assert read_statements([ExecutedCell(head + "q = 1")])[-1].text == "q = 1"


def test_what_track_sets_is_set() -> None:
    header = "%%track churn lr=10**-3 mode=fast --tag stage=draft sizes=(1, 2) --note 'x=3'\n"
    source = sliced("out", header + "out = lr, mode, sizes")
    assert source == "lr = 10**-3\nmode = 'fast'\nsizes = (1, 2)\nout = lr, mode, sizes\n"


def test_a_cell_in_another_language_sets_nothing() -> None:
    assert [one.kind for one in read_statements([ExecutedCell("%%bash\nx=1"), ExecutedCell("%%html\n<b>")])] == [
        StatementKind.SHELL,
        StatementKind.MAGIC,
    ]


def test_statements_after_the_one_that_failed_have_not_run() -> None:
    flow = follow([ExecutedCell("x = 1\ny = 1 / 0\nx = 2", 1, failed_line=2), ExecutedCell("z = x", 2)])
    assert flow.slice_of(["z"]).source == "x = 1\n\nz = x\n"


def test_comments_above_a_statement_stay_with_it() -> None:
    assert sliced("x", "y = 1\n# the answer\nx = 42\nz = 3") == "# the answer\nx = 42\n"


# -- what is taken, and what is left -------------------------------------------------------------------------


def test_the_last_writer_wins() -> None:
    assert sliced("y", "x = 1", "x = 2", "y = x", "x = 3") == "x = 2\n\ny = x\n"


def test_out_of_order_execution_counts_as_it_ran() -> None:
    assert sliced("y", "x = 1", "y = x + 1", "x = 5", "y = x + 1") == "x = 5\n\ny = x + 1\n"


def test_a_name_that_may_have_been_set_keeps_both_setters() -> None:
    assert cells_of("x", "x = 1", "if input:\n    x = 2") == [1, 2]
    assert cells_of("x", "x = 1", "if input:\n    x = 2\nelse:\n    x = 3") == [2]


def test_changes_through_another_name_are_seen() -> None:
    assert cells_of("a", "a = []", "b = [a]", "b[0].append(1)", "c = []", "c.append(2)") == [1, 2, 3]


def test_changes_by_a_function_are_seen() -> None:
    cells = ("def grow(what, n):\n    what.append(n)", "a = []", "b = []", "grow(a, 1)", "grow(b, 2)")
    assert cells_of("a", *cells) == [1, 2, 4]


def test_changes_of_an_outer_name_by_a_function_are_seen() -> None:
    cells = ("seen = []", "def note(x):\n    seen.append(x)\n    return x", "y = note(1)", "z = 5")
    assert cells_of("seen", *cells) == [1, 2, 3]


def test_what_a_function_reads_is_what_was_there_when_it_was_called() -> None:
    cells = ("def f():\n    return k", "k = 1", "a = f()", "k = 2", "b = f()")
    assert cells_of("a", *cells) == [1, 2, 3]
    assert cells_of("b", *cells) == [1, 4, 5]


def test_what_a_stored_function_reads_is_what_is_there_at_the_end() -> None:
    assert cells_of("box", "k = 1", "box = [lambda x: x * k]", "k = 2") == [1, 2, 3]


def test_a_frame_changed_after_training_is_left_out() -> None:
    cells = (
        "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression",
        "df = pd.read_csv('a.csv')\ndf.head()",
        "clf = LogisticRegression().fit(df[['x']], df.y)",
        "df['later'] = clf.predict(df[['x']])",
        "df.plot()\nprint(clf.score(df[['x']], df.y))",
    )
    assert cells_of("clf", *cells) == [1, 2, 3]
    assert cells_of("df", *cells) == [1, 2, 3, 4]


def test_another_model_on_the_same_data_is_left_out() -> None:
    cells = (
        "from sklearn.svm import SVC\nX, y = [[0], [1]], [0, 1]",
        "other = SVC()\nother.fit(X, y)",
        "clf = SVC().fit(X, y)",
    )
    assert cells_of("clf", *cells) == [1, 3]


def test_a_trainer_changes_the_model_that_it_is_given() -> None:
    cells = ("import trainers", "model = trainers.Net()", "trainer = trainers.Trainer()", "trainer.fit(model, 1)")
    assert cells_of("model", *cells) == [1, 2, 3, 4]


def test_an_optimizer_changes_the_model_whose_parameters_it_has() -> None:
    cells = (
        "import torch",
        "net = torch.nn.Linear(1, 1)",
        "opt = torch.optim.SGD(net.parameters(), 0.1)",
        "opt.step()",
    )
    assert cells_of("net", *cells) == [1, 2, 3, 4]


def test_seeds_and_settings_of_the_process_are_kept() -> None:
    cells = ("import numpy as np\nimport sys", "np.random.seed(0)", "sys.path.append('..')", "x = 1")
    assert cells_of("x", *cells) == [1, 2, 3, 4]


def test_a_draw_between_seed_and_use_is_kept() -> None:
    cells = ("import numpy as np", "np.random.seed(0)", "a = np.random.rand()", "b = np.random.rand()", "c = 3")
    assert cells_of("b", *cells) == [1, 2, 3, 4]


def test_a_file_that_a_cell_writes_is_made_before_it_is_read() -> None:
    cells = ("%%writefile helper.py\nK = 3", "!wget http://example.org/data.csv", "import helper\nx = helper.K")
    assert cells_of("x", *cells) == [1, 3]
    assert cells_of("d", *cells, "d = open('data.csv').read()") == [2, 4]


def test_names_that_nobody_sets_are_told() -> None:
    assert follow([ExecutedCell("y = missing + len([])")]).slice_of(["y"]).unknown == ("missing",)


# -- any program ---------------------------------------------------------------------------------------------

NAMES = ("a", "b", "c", "d")
LISTS = ("u", "v", "w")
SETUP = """
a, b, c, d = 1, 2, 3, 4
u, v, w = [1], [2], [3]
def twice(x):
    return x * 2
def scaled(x):
    return x * d
def push(what, x):
    what.append(x)
    return what
def push_u(x):
    u.append(x)
def bump(by):
    global c
    c = c + by
    return by
class Box:
    def __init__(self, what):
        self.what = what
    def put(self, x):
        self.what.append(x)
        return self
    def total(self):
        return sum(x for x in self.what if isinstance(x, int)) + d
""".strip()

name, names_list = st.sampled_from(NAMES), st.sampled_from(LISTS)
number = st.one_of(name, st.integers(0, 5).map(str), names_list.map(lambda one: f"len({one})"))
expression = st.one_of(
    number,
    st.builds("{} + {}".format, number, number),
    st.builds("{}({})".format, st.sampled_from(["twice", "scaled", "bump"]), number),
    st.builds("sum(x for x in {} if isinstance(x, int)) + {}".format, names_list, number),
    st.builds("(lambda x: x + {})({})".format, name, number),
    st.builds("Box({}).total()".format, names_list),
    st.builds("sum([x * {} for x in {} if isinstance(x, int)])".format, name, names_list),
)
simple = st.one_of(
    st.builds("{} = {}".format, name, expression),
    st.builds("{} += {}".format, name, expression),
    st.builds("{}, {} = {}, {}".format, name, name, expression, expression),
    st.builds("{} = {}".format, names_list, names_list),
    st.builds("{} = [{}, {}]".format, names_list, number, number),
    st.builds("{} = list({})".format, names_list, names_list),
    st.builds("{}.append({})".format, names_list, number),
    st.builds("{} += [{}]".format, names_list, number),
    st.builds("{}[0] = {}".format, names_list, number),
    st.builds("{} = push({}, {})".format, names_list, names_list, number),
    st.builds("push({}, {})".format, names_list, number),
    st.builds("push_u({})".format, number),
    st.builds("box = Box({})\nbox.put({})".format, names_list, number),
    st.builds("held = [{}, {}]\nheld[0].append({})".format, names_list, names_list, number),
    st.builds("kept = {}\nkept.append({})".format, names_list, number),
    st.builds("del {0}[1:]".format, names_list),
    st.builds("f = lambda: {} + {}\n{} = f()".format, name, name, name),
    st.builds("{} = (z := {}) + z".format, name, number),
    st.builds("for one in ({}, {}):\n    one.append({})".format, names_list, names_list, number),
    st.builds("[one.append({}) for one in ({}, {})]".format, number, names_list, names_list),
    st.builds("match {}:\n    case 1:\n        {} = 7\n    case other:\n        {} = other".format, name, name, name),
)


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


block = st.one_of(
    simple,
    st.builds("if {} > 3:\n{}".format, number, simple.map(indented)),
    st.builds("if {} > 3:\n{}\nelse:\n{}".format, number, simple.map(indented), simple.map(indented)),
    st.builds("for i in range(2):\n{}\n{}".format, simple.map(indented), simple.map(indented)),
    st.builds("try:\n{}\nexcept IndexError:\n{}".format, simple.map(indented), simple.map(indented)),
)
program = st.lists(st.lists(block, min_size=1, max_size=3).map("\n".join), min_size=1, max_size=8)


def run(source: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(compile(source, "<program>", "exec"), space)
    return space


@settings(max_examples=150, deadline=None)
@given(cells=program, target=st.sampled_from((*NAMES, *LISTS)))
def test_the_slice_makes_the_same_value(cells: list[str], target: str) -> None:
    whole = [SETUP, *cells]
    try:
        space = run("\n".join(whole))
    except IndexError:  # u[0] of a list that was emptied: such a program has no end
        return
    assert run(sliced(target, *whole))[target] == space[target]


@settings(max_examples=100, deadline=None)
@given(cells=program, target=st.sampled_from(NAMES))
def test_the_slice_of_a_slice_is_itself(cells: list[str], target: str) -> None:
    once = sliced(target, SETUP, *cells)
    assert set(sliced(target, once).splitlines()) == set(once.replace("\n\n", "\n").splitlines())
