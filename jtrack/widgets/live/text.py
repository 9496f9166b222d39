"""The live panel as text, and the words that its forms share."""

from __future__ import annotations

from jtrack.widgets.format import MISSING, format_bytes, format_duration, format_number, plural, shorten
from jtrack.widgets.frames import STATE_SHAPES, STATE_WORDS, short_id
from jtrack.widgets.live.frame import MOST_CURVES, LiveFrame, LiveMetric, Progress, SystemUse
from jtrack.widgets.text_table import align_cells

EMPTY = "No run is running. The next one shows here: put %%track in front of a cell that trains."
_WIDTH = 30


def live_text(frame: LiveFrame) -> str:
    """Render the frame as lines of text."""
    if frame.run_id is None:
        return f"live: {EMPTY}"
    lines = [_head(frame)]
    if frame.error:
        lines.append(f"  {shorten(frame.error, 160)}")
    if frame.progress is not None:
        lines.append(f"  {progress_text(frame.progress)}")
    lines += [f"    {line}" for line in align_cells([_metric(m) for m in frame.metrics[:MOST_CURVES]])]
    if frame.n_metrics > MOST_CURVES:
        lines.append(f"    {frame.n_metrics - MOST_CURVES:,} more")
    if frame.system is not None:
        lines.append(f"  {', '.join(system_texts(frame.system))}")
    lines += [f"  knob {shorten(knob.name, _WIDTH)} {shorten(str(knob.value), _WIDTH)}" for knob in frame.knobs]
    lines += [f"  note {shorten(note.text, 200)}" for note in frame.notes]
    return "\n".join(lines)


def progress_text(progress: Progress) -> str:
    """``12 of 30 epochs, 1 min 4 s left``, ``40 % of the last run's time``; words for a param's count."""
    if progress.total is None:
        told = f"{progress.fraction * 100:.0f} % of the time that the last run took"
    else:
        told = f"{progress.done:,} of {progress.total:,} {progress.basis}"
    return told if progress.eta_s is None else f"{told}, {format_left(progress.eta_s)} left"


def format_left(eta_s: float) -> str:
    """A time that is left, in whole seconds: what is estimated has no tenths."""
    return format_duration(eta_s) if eta_s >= 60 else f"{eta_s:.0f} s"


def system_texts(use: SystemUse) -> list[str]:
    """What the machine does, one text a part of it."""
    texts = [f"CPU {use.cpu_percent:.0f} %"]
    memory = f"memory {use.memory_percent:.0f} % of {format_bytes(use.memory_total_bytes)}"
    process = "" if use.process_bytes is None else f", this run's process {format_bytes(use.process_bytes)}"
    texts.append(memory + process)
    for i, gpu in enumerate(use.gpus):
        of = "" if gpu.memory_total_bytes is None else f" of {format_bytes(gpu.memory_total_bytes)}"
        texts.append(f"GPU {i} {gpu.percent:.0f} %, {format_bytes(gpu.memory_bytes)}{of}")
    return texts


def best_text(metric: LiveMetric) -> str:
    """``best 0.9132 at step 12``; empty where nobody knows what is better."""
    if metric.best is None or metric.n_points < 2:
        return ""
    return f"best {format_number(metric.best)} at step {metric.best_step:,}"


def _head(frame: LiveFrame) -> str:
    step = "" if frame.step is None else f"  step {frame.step:,}"
    state = f"{STATE_SHAPES[frame.status]} {STATE_WORDS[frame.status]}"
    name = (
        f"{shorten(frame.run_name, 60)}  run {short_id(frame.run_id or MISSING)}  {shorten(frame.experiment_name, 60)}"
    )
    return f"{state}  {name.rstrip()}  {format_duration(frame.elapsed_s)}{step}"


def _metric(metric: LiveMetric) -> list[str]:
    points = plural(metric.n_points, "point")
    return [shorten(metric.key, _WIDTH), format_number(metric.last), best_text(metric), points]
