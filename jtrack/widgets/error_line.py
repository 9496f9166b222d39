"""The one line of a traceback that says what went wrong: ``ValueError: Input X contains NaN.``"""

from __future__ import annotations

import re

MAX_LENGTH = 400
_FRAME = re.compile(r"\s*(\| +)?File \"")
_GROUP = re.compile(r"\s*\| (\S.*)")


def error_line(error: str | None) -> str | None:
    """Find the line behind the last frame, however many lines the message has, or hints and notes below it.

    Of a group of exceptions it is the group's own line.
    """
    lines = (error or "").splitlines()
    said = [line for line in lines if line.strip()]
    if not said:
        return None
    found = _group_line(lines) if "Exception Group Traceback" in (error or "") else _line_behind_frames(lines)
    return (found or said[-1]).strip()[:MAX_LENGTH]


def _line_behind_frames(lines: list[str]) -> str | None:
    frames = [index for index, line in enumerate(lines) if _FRAME.match(line)]
    if not frames:
        return None
    return next((line for line in lines[frames[-1] + 1 :] if line and not line[0].isspace()), None)


def _group_line(lines: list[str]) -> str | None:
    begun = next(index for index, line in enumerate(lines) if "Exception Group Traceback" in line)
    return next((match[1] for line in lines[begun + 1 :] if (match := _GROUP.fullmatch(line))), None)
