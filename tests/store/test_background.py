"""The interpreter ends while a background thread is inside DuckDB: with its own exit code, and not by an abort."""

from __future__ import annotations

from tests.store import processes

ASK_FOR_A_SECOND = """
    import duckdb, os, threading, time

    inside = threading.Event()

    def ask_for_a_second():
        began, connection = time.monotonic(), duckdb.connect()
        while time.monotonic() < began + 1:
            connection.execute("SELECT * FROM range(2000)").fetchall()
            inside.set()
        os.write(1, b"asked\\n")
"""


def test_the_interpreter_waits_for_a_look_between_cells() -> None:
    printed = processes.run(
        ASK_FOR_A_SECOND
        + """
    from types import SimpleNamespace
    from jtrack.magics.readiness import Readiness

    store = SimpleNamespace(catalog=SimpleNamespace(prepare=ask_for_a_second))
    Readiness().prepare(lambda: store)
    inside.wait()
    """
    )
    assert printed == "asked\n"


def test_the_interpreter_waits_for_a_live_panels_look_and_lets_it_look_no_more() -> None:
    printed = processes.run(
        ASK_FOR_A_SECOND
        + """
    import jtrack
    from jtrack.widgets.live.panel import LivePanel

    LivePanel._push = lambda self, whole: ask_for_a_second()
    jtrack.start_run()
    panel = LivePanel(jtrack.active_run().store, jtrack.active_run().run_id)
    inside.wait()
    """
    )
    assert printed == "asked\n"


def test_a_forked_child_waits_for_no_thread_of_its_parents() -> None:
    printed = processes.run(
        ASK_FOR_A_SECOND
        + """
    from jtrack.store.background import in_background

    def look():
        with in_background():
            ask_for_a_second()

    threading.Thread(target=look, daemon=True).start()
    inside.wait()
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
        os.write(1, b"the child has ended\\n")
    """
    )
    assert printed == "the child has ended\nasked\n"
