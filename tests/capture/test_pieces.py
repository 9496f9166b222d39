"""Source, output, traceback, environment and git: each asked of the real thing."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType

import pytest

from jtrack.capture.environment import EnvironmentReader, read_environment
from jtrack.capture.git import GitState, parse_status, read_git_state
from jtrack.capture.output import BoundedText, OutputRecorder, settle_lines
from jtrack.capture.source import cell_identity, python_body, tracked_cell
from jtrack.capture.tracebacks import MAX_TRACEBACK_LENGTH, traceback_text
from jtrack.store import Store


class Stream(io.StringIO):
    """A text stream that takes attributes, as ``sys.stdout`` does."""


@pytest.mark.parametrize(
    ("body", "python"),
    [
        ("x = 1\n", "x = 1\n"),
        ("%%time\nx = 1\n", "x = 1\n"),
        ("%%capture out\n\n%%time\nx = 1\n", "x = 1\n"),
        ("%%bash\nls\n", ""),
        ("%%time\n", ""),
        ("", ""),
    ],
)
def test_the_python_of_a_cell_is_below_its_magics(body: str, python: str) -> None:
    assert python_body(body) == python


def test_a_cell_is_known_by_the_front_ends_id_or_by_its_body() -> None:
    assert cell_identity("abc", "x = 1") == "abc"
    assert cell_identity(None, "x = 1\n") == cell_identity(None, "x = 1")
    assert cell_identity(None, "x = 1") != cell_identity(None, "x = 2")
    assert len(cell_identity(None, "x")) == len("sha256:") + 16


def test_a_source_with_half_a_character_still_has_a_hash() -> None:
    assert len(tracked_cell("x = '\ud800'", "id", 1, None).source_sha256) == 64


def test_text_within_the_limit_is_kept_whole() -> None:
    text = BoundedText(10)
    for part in ("abc", "", "defghij"):
        text.add(part)
    assert text.text() == "abcdefghij"


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_longer_text_keeps_its_beginning_and_its_end(size: int) -> None:
    whole = "".join(str(number % 10) for number in range(1_000))
    text = BoundedText(20)
    for start in range(0, len(whole), size):
        text.add(whole[start : start + size])
    assert text.text() == f"{whole[:10]}\n… 980 characters left out …\n{whole[-10:]}"


def test_a_limit_of_nothing_keeps_nothing() -> None:
    text = BoundedText(0)
    text.add("abc")
    assert text.text() == "\n… 3 characters left out …\n"


def test_a_recorder_copies_and_leaves_the_stream_as_it_was() -> None:
    stream = Stream()
    recorder = OutputRecorder(stream, 100)
    recorder.start()
    print("one", file=stream)
    threads = [threading.Thread(target=print, args=("two",), kwargs={"file": stream}) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.stop().count("two") == 8
    print("after", file=stream)
    assert recorder.stop() == stream.getvalue().removesuffix("after\n")
    assert "write" not in vars(stream)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no signal of a timer")
def test_the_handler_of_a_signal_prints_in_the_middle_of_a_print() -> None:
    stream = Stream()
    recorder = OutputRecorder(stream, 10_000_000)
    n_handled = 0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal n_handled
        n_handled += 1
        stream.write("handled\n")

    before = signal.signal(signal.SIGALRM, handle)
    recorder.start()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        while n_handled < 300:
            stream.write("trained\n")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert recorder.stop().count("handled\n") == n_handled


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no signal of a timer")
def test_an_interrupt_in_the_middle_of_a_print_never_makes_the_end_wait() -> None:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for number in range(300):
            stream = Stream()
            recorder = OutputRecorder(stream, 1_000)
            recorder.start()
            with suppress(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, 0.00002 + number % 50 * 0.000002)
                for _ in range(1_000_000):
                    print("trained", file=stream)
            stopper = threading.Thread(target=recorder.stop, daemon=True)
            stopper.start()
            stopper.join(10.0)
            assert not stopper.is_alive()
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes can't be forked here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_writes_nothing_among_what_its_parent_keeps(tmp_path: Path) -> None:
    stream = Stream()
    recorder = OutputRecorder(stream, 100)
    with (tmp_path / "kept.txt").open("a", buffering=1) as file:
        recorder.listener = lambda text: print(text, end="", file=file)
        recorder.start()
        print("parent", file=stream)
        child = os.fork()
        if child == 0:
            print("child", file=stream)
            os._exit(0)
        os.waitpid(child, 0)
        assert recorder.stop() == "parent\n"
    assert (tmp_path / "kept.txt").read_text() == "parent\n"


def test_a_recorder_stays_below_one_that_came_later() -> None:
    stream = Stream()
    recorder = OutputRecorder(stream, 100)
    recorder.start()
    inner = stream.write
    stream.write = lambda text: inner(text.upper())  # type: ignore[method-assign]
    assert recorder.stop() == ""
    print("x", file=stream, end="")
    assert stream.getvalue() == "X"
    assert recorder.stop() == ""


def test_output_of_others_is_passed_on_and_not_kept() -> None:
    stream = Stream()
    recorder = OutputRecorder(stream, 100, belongs=lambda: False)
    recorder.start()
    print("theirs", file=stream)
    assert recorder.stop() == ""
    assert stream.getvalue() == "theirs\n"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\nb\n", "a\nb\n"),
        ("10%\r50%\r100%\ndone", "100%\ndone"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("50%\r", "50%"),
        ("\r", ""),
    ],
)
def test_a_progress_bar_is_its_last_state(written: str, shown: str) -> None:
    assert settle_lines(written) == shown


def test_a_traceback_begins_at_the_cell_and_names_it() -> None:
    def fail() -> None:
        raise ValueError("no") from KeyError("cause")

    try:
        exec(compile("\n\nfail()", "/tmp/cell_1.py", "exec"), {"fail": fail})
    except ValueError as error:
        text = traceback_text(error, lambda filename: "Cell In[3]" if "cell_1" in filename else None)
    assert "KeyError: 'cause'" in text
    last = text.split("direct cause")[1]
    assert last.index('File "Cell In[3]", line 3') < last.index("in fail") < last.index("ValueError: no")
    assert 'test_pieces.py", line' in last
    assert "exec(compile" not in text


def test_a_huge_traceback_is_cut_in_the_middle() -> None:
    text = traceback_text(ValueError("x" * 100_000 + "end"))
    assert text.startswith("ValueError: xxx")
    assert text.endswith("end")
    assert len(text) < MAX_TRACEBACK_LENGTH + 100


def test_the_environment_is_this_interpreters() -> None:
    environment = read_environment()
    assert environment.packages["pytest"] == pytest.__version__
    assert environment.python_version == ".".join(map(str, sys.version_info[:3]))
    assert environment == read_environment()
    assert list(environment.packages) == sorted(environment.packages, key=str.lower)


def test_the_environment_is_read_again_only_when_something_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    reader = EnvironmentReader()
    first = reader.read()
    assert reader.read() is first
    info = tmp_path / "brand_new-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brand-new\nVersion: 1.5\n")
    (tmp_path / "broken-1.0.dist-info").mkdir()
    second = reader.read()
    assert second.packages == dict(
        sorted({**first.packages, "brand-new": "1.5"}.items(), key=lambda pair: pair[0].lower())
    )
    assert second.environment_sha256 != first.environment_sha256


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "a@example.org")
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=trunk")
    return folder


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_git_before_the_first_commit(repository: Path) -> None:
    assert read_git_state(repository) == GitState(commit=None, branch="trunk", dirty=False)


def test_git_says_commit_branch_and_whether_the_tree_is_dirty(repository: Path) -> None:
    (repository / "a b.txt").write_text("1")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "first")
    commit = git(repository, "rev-parse", "HEAD")
    (repository / "untracked").write_text("1")
    (repository / "below").mkdir()
    assert read_git_state(repository / "below") == GitState(commit, "trunk", dirty=False)
    (repository / "a b.txt").write_text("2")
    assert read_git_state(repository) == GitState(commit, "trunk", dirty=True)
    git(repository, "commit", "--quiet", "-am", "second")
    git(repository, "checkout", "--quiet", commit)
    assert read_git_state(repository) == GitState(commit, None, dirty=False)


def test_a_notebook_that_git_was_not_told_of_makes_no_tree_dirty(repository: Path) -> None:
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "first")
    git(repository, "config", "status.showUntrackedFiles", "all")
    (repository / "new.ipynb").write_text("{}")
    Store(repository / ".jtrack").folder.ensure()
    assert read_git_state(repository) == GitState(git(repository, "rev-parse", "HEAD"), "trunk", dirty=False)
    git(repository, "add", "new.ipynb")
    state = read_git_state(repository)
    assert state is not None and state.dirty


def test_asking_git_takes_no_lock(repository: Path) -> None:
    (repository / ".git" / "index.lock").write_text("")
    assert read_git_state(repository) == GitState(None, "trunk", dirty=False)


def test_a_tree_too_large_to_compare_in_time_still_has_its_commit(repository: Path) -> None:
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "first")
    state = read_git_state(repository, timeout_s=0.0)
    assert state == GitState(git(repository, "rev-parse", "HEAD"), "trunk", dirty=None)


def test_no_repository_and_no_git_are_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert read_git_state(tmp_path) is None
    assert read_git_state(tmp_path / "gone") is None
    monkeypatch.setenv("PATH", "")
    assert read_git_state(tmp_path) is None


def test_a_conflict_is_dirty() -> None:
    assert parse_status("# branch.oid abc\n# branch.head main\nu UU N... 1 2 3 4 a b c f.txt\n") == GitState(
        "abc", "main", dirty=True
    )
