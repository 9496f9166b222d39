"""Times as people and MLflow write them: milliseconds, ISO dates, '2 days ago'.

What is written stands for a span: a day for a date, a millisecond for MLflow's number. ``=`` is inside the
span, ``>`` after all of it, ``<=`` up to its end. So MLflow's truncated ``start_time`` finds its own run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_FAR_US = 2**62

_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6}))?)?"
    r"\s*(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?"
)
_AGO = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>[a-z]+?)s?\s+ago")
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second"), 1),
    **dict.fromkeys(("m", "min", "minute"), 60),
    **dict.fromkeys(("h", "hr", "hour"), 3600),
    **dict.fromkeys(("d", "day"), 86_400),
    **dict.fromkeys(("w", "week"), 7 * 86_400),
    **dict.fromkeys(("mo", "month"), 30 * 86_400),
    **dict.fromkeys(("y", "year"), 365 * 86_400),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """The span that a written time stands for: microseconds since the epoch, UTC, ``end_us`` not included."""

    start_us: int
    end_us: int


def moment_of_ms(milliseconds: float) -> Moment:
    """Give the span of a number of milliseconds since the epoch, as MLflow writes times."""
    if abs(milliseconds) >= _FAR_US / 1000:
        far = _FAR_US if milliseconds > 0 else -_FAR_US
        return Moment(far, far + 1)
    if milliseconds == int(milliseconds):
        return Moment(int(milliseconds) * 1000, int(milliseconds) * 1000 + 1000)
    start_us = int(milliseconds * 1000)
    return Moment(start_us, start_us + 1)


def find_moment(text: str, now: datetime) -> Moment | None:
    """Read a time from text; ``None`` when it is none.

    Parameters
    ----------
    text
        An ISO date or time down to the microsecond, local where it names no zone; ``now``, ``today``,
        ``yesterday``; or ``<number> <unit> ago``, a month being 30 days.
    now
        The time that the relative ones count from; without a zone it is local, and so are its days.
    """
    words = " ".join(text.split()).lower()
    if words in ("today", "yesterday"):
        return _day(now - timedelta(days=1) if words == "yesterday" else now)
    if words == "now":
        return _instant(now)
    try:
        if (ago := _AGO.fullmatch(words)) and ago["unit"] in _SECONDS:
            return _instant(now.astimezone(UTC) - timedelta(seconds=float(ago["count"]) * _SECONDS[ago["unit"]]))
        iso = _ISO.fullmatch(text.strip())
        return None if iso is None else _iso_span(iso)
    except (ValueError, OverflowError):
        return None


def _iso_span(iso: re.Match[str]) -> Moment:
    part = {name: int(value) for name, value in iso.groupdict().items() if value and name not in ("fraction", "zone")}
    micro = int((iso["fraction"] or "0").ljust(6, "0"))
    start = datetime(part["year"], part["month"], part.get("day", 1), part.get("hour", 0), part.get("minute", 0))
    start = start.replace(second=part.get("second", 0), microsecond=micro)
    if iso["zone"]:
        start = start.replace(tzinfo=datetime.fromisoformat(f"2000-01-01T00:00{iso['zone']}").tzinfo)
    return Moment(_us(start), _us(_end(start, iso)))


def _end(start: datetime, iso: re.Match[str]) -> datetime:
    if iso["day"] is None:
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    if iso["fraction"]:
        return start + timedelta(microseconds=10 ** (6 - len(iso["fraction"])))
    if iso["second"]:
        return start + timedelta(seconds=1)
    return start + (timedelta(minutes=1) if iso["minute"] else timedelta(days=1))


def _day(moment: datetime) -> Moment:
    # Wall-clock arithmetic on a local time: a day on which clocks change is 23 or 25 hours long.
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return Moment(_us(start), _us(start + timedelta(days=1)))


def _instant(moment: datetime) -> Moment:
    return Moment(_us(moment), _us(moment) + 1)


def _us(moment: datetime) -> int:
    """Microseconds since the epoch; a ``moment`` without a zone is local."""
    return (moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
