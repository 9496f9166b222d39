"""How numbers, times and sizes read in every panel.

Four significant digits, as many decimals for a difference as for its value, units beside durations
and sizes, "–" for what is missing. labextension/src/panels/format.ts follows the same rules; both
are held against tests/widgets/format_cases.json.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from os.path import commonprefix

MISSING = "–"
MINUS = "−"

_SIGNIFICANT = 4
_LARGEST_PLAIN = 1e7
_LARGEST_WHOLE = 1e9
_SMALLEST_PLAIN = 1e-4
_MOST_DECIMALS = 6
_WIDEST_TICK = 9
_TRAILING_ZEROS = re.compile(r"(?:\.|(\.\d*?))0+(?=e|$)")
_NUMERIC_TEXT = frozenset("0123456789+-.eE")
# As the page rounds: Python gives a half to the even digit, and 29 / 32 would be 0.9062 here and 0.9063 there.
_HALF_UP = Context(prec=400, rounding=ROUND_HALF_UP)


def decimals_for(value: float, significant: int = _SIGNIFICANT) -> int | None:
    """Decimals that give ``value`` so many significant digits; ``None`` means scientific notation."""
    if not math.isfinite(value) or (float(value).is_integer() and abs(value) < _LARGEST_WHOLE):
        return 0
    size = abs(float(f"{value:.{significant - 1}e}"))
    if size >= _LARGEST_PLAIN or size < _SMALLEST_PLAIN:
        return None
    return max(significant - 1 - math.floor(math.log10(size)), 0)


def column_decimals(values: Iterable[float | None]) -> int | None:
    """Decimals for values that stand under each other.

    The largest value gets four significant digits and the smallest at least two, so that neither
    the points fail to line up nor a small value reads as zero. ``None`` where the values lie too
    far apart for that; each is then formatted for itself.
    """
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v) and v != 0]
    if not sizes or all(float(size).is_integer() for size in sizes):
        return 0 if not sizes or max(sizes) < _LARGEST_WHOLE else None
    decimals = decimals_for(max(sizes))
    if decimals is None or max(sizes) >= _LARGEST_PLAIN:
        return None
    needed = max(decimals, 1 - math.floor(math.log10(min(sizes))))
    return needed if needed <= _MOST_DECIMALS else None


def format_number(value: float | None, decimals: int | None = None, significant: int = _SIGNIFICANT) -> str:
    """A metric as people read it.

    Parameters
    ----------
    value
        ``None`` is missing; NaN and the infinities are values and show as such.
    decimals
        From `column_decimals`; ``None`` takes what this value needs for its ``significant`` digits.
    """
    if value is None:
        return MISSING
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    if decimals is None:
        decimals = decimals_for(value, significant)
    text = _power(value, significant) if decimals is None else f"{_rounded(abs(value), decimals):,f}"
    return MINUS + text if value < 0 and text.strip("0.,") else text


def _rounded(size: float, decimals: int) -> Decimal:
    return Decimal(float(size)).quantize(Decimal(1).scaleb(-decimals), context=_HALF_UP)


def _power(value: float, significant: int) -> str:
    size = Context(prec=significant, rounding=ROUND_HALF_UP).create_decimal(float(abs(value)))
    mantissa, _, exponent = f"{float(size):.{significant - 1}e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def format_tick(value: float, significant: int = _SIGNIFICANT) -> str:
    """The label of an axis: no more digits than it needs."""
    return _TRAILING_ZEROS.sub(r"\1", format_number(value, significant=significant))


def format_ticks(values: Sequence[float]) -> list[str]:
    """The labels of an axis, all with as many decimals as the one that needs most: they stand under each other.

    Where there is no room for those, or they are the same for values that differ, they are powers of ten, or have more
    digits, or fewer where that hardly moves them, or tell how far they lie from the roundest.
    """

    def will_do(texts: list[str]) -> bool:
        return len(set(texts)) == len(set(values)) and max(map(len, texts), default=0) <= _WIDEST_TICK

    texts = [format_tick(value) for value in values]
    if not any("e" in text for text in texts):
        texts = _alike(values, max((len(text.partition(".")[2]) for text in texts), default=0))
    if will_do(texts):
        return texts
    powers = [_tick_power(value) for value in values]
    if will_do(powers) or len(values) < 2:
        return powers
    finer = _alike(values, len(f"{values[1] - values[0]:.{_MOST_DECIMALS}f}".rstrip("0").partition(".")[2]))
    shorter = ([_tick_power(value, significant) for value in values] for significant in (3, 2))
    near = (texts for texts in shorter if _stay_in_place(values, texts))
    return next((texts for texts in (finer, *near) if will_do(texts)), None) or _offsets(values)


def _alike(values: Sequence[float], decimals: int) -> list[str]:
    return [format_number(value, decimals) for value in values]


def _tick_power(value: float, significant: int = _SIGNIFICANT) -> str:
    if value == 0:
        return "0"
    return (MINUS if value < 0 else "") + _TRAILING_ZEROS.sub(r"\1", _power(value, significant))


def _stay_in_place(values: Sequence[float], texts: Sequence[str]) -> bool:
    """Whether no text is further from its value than a twentieth of what lies between two values."""
    room = abs(values[1] / 20 - values[0] / 20)
    return all(abs(float(text.replace(MINUS, "-")) - v) <= room for text, v in zip(texts, values, strict=True))


def _offsets(values: Sequence[float]) -> list[str]:
    whole = [format_tick(value, 12) for value in values]
    roundest = min(range(len(whole)), key=lambda i: len(whole[i]))
    away = [value - values[roundest] for value in values]
    return [("+" if by > 0 else "") + format_tick(by) if by else text for by, text in zip(away, whole, strict=True)]


def format_difference(value: float, previous: float) -> str:
    """The size of ``value - previous`` with as many decimals as ``value``, without its sign.

    A difference too small to show is "<0.0001", not zero.
    """
    difference = abs(value - previous)
    if not math.isfinite(difference):
        return ""
    decimals = column_decimals([value, previous])
    if decimals is None:
        return format_number(difference)
    text = format_number(difference, decimals)
    if difference > 0 and not text.strip("0.,"):
        return "<" + format_number(10.0**-decimals, decimals)
    return text


def format_param(value: object) -> str:
    """A param as it was given, short enough for a table.

    A text that could be taken for a number is quoted, so that ``4`` and ``'4'`` differ.
    """
    if isinstance(value, float):
        return _format_float_param(value)
    if isinstance(value, str):
        looks_numeric = bool(value) and set(value) <= _NUMERIC_TEXT
        return repr(value) if looks_numeric or not value.strip() else value
    return str(value)


def _format_float_param(value: float) -> str:
    exact = repr(value)
    if len(exact) <= 7 or not math.isfinite(value):
        return exact
    if _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN:
        decimals = max(_SIGNIFICANT - 1 - math.floor(math.log10(abs(value))), 0)
        return f"{value:.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:.0f}"
    return f"{value:.{_SIGNIFICANT}g}"


def shorten(text: str, width: int) -> str:
    """``text`` on one line and in at most ``width`` characters, with an ellipsis where cut."""
    line = " ".join(text[: width * 4].split())
    return line if len(line) <= width and len(text) <= width * 4 else line[: width - 1] + "…"


def tell_apart(texts: Sequence[str | None], width: int) -> list[str | None]:
    """Shorten texts that stand beside each other so that those that differ are seen to differ.

    Where only their ends differ, such as of long paths, what they begin with is left out in place of the end.
    """
    lines = [None if text is None else " ".join(text.split()) for text in texts]
    cut = [None if line is None else shorten(line, width) for line in lines]
    if len(set(cut)) == len(set(lines)):
        return cut
    long = [line for line in lines if line is not None and len(line) > width]
    start = len(commonprefix(long)) - width // 3  # noqa: RUF071 (letters are meant, not folders)
    if start > 0:
        # As much of the beginning is kept as says where one is.
        return [line if line not in long else shorten("…" + line[start:], width) for line in lines]
    head = width // 2
    return [line if line not in long else f"{line[:head]}…{line[1 + head - width :]}" for line in lines]


def format_duration(seconds: float | None) -> str:
    """``38 ms``, ``12.4 s``, ``4 min 5 s``, ``1 h 12 min``, ``3 d 4 h``."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 0.0995:
        return f"{_rounded(seconds * 1000, 0)} ms" if seconds >= 0.001 else "<1 ms"
    if seconds < 59.95:
        return f"{_rounded(seconds, 1)} s"
    whole = int(_rounded(seconds, 0))
    if whole < 3600:
        return _two_units(whole, 60, "min", 1, "s")
    if whole < 86400:
        return _two_units(int(_rounded(whole / 60, 0)) * 60, 3600, "h", 60, "min")
    return _two_units(int(_rounded(whole / 3600, 0)) * 3600, 86400, "d", 3600, "h")


def _two_units(whole: int, big: int, big_unit: str, small: int, small_unit: str) -> str:
    n_big, rest = divmod(whole, big)
    n_small = rest // small
    return f"{n_big} {big_unit} {n_small} {small_unit}" if n_small else f"{n_big} {big_unit}"


def format_bytes(n_bytes: int | None) -> str:
    """``812 B``, ``3.1 MB``: decimal units."""
    if n_bytes is None:
        return MISSING
    if n_bytes < 1000:
        return f"{n_bytes} B"
    size, units = n_bytes / 1000, ["kB", "MB", "GB", "TB"]
    while size >= 999.95 and len(units) > 1:
        size /= 1000
        del units[0]
    return f"{_rounded(size, 1)} {units[0]}"


def format_ago(moment: datetime | None, now: datetime) -> str:
    """``now``, ``25 s ago``, ``4 min ago``, ``1 h ago``, ``2 d ago``, then the date.

    Only for what is redrawn: in a saved page it would soon be wrong. See `format_moment`.
    """
    if moment is None:
        return MISSING
    seconds = (now - moment).total_seconds()
    if seconds < 5:
        return "now"
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (7 * 86400, 86400, "d")):
        if seconds < limit:
            return f"{int(seconds // size)} {unit} ago"
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def format_moment(moment: datetime | None, now: datetime) -> str:
    """A time for a page that is read later: ``14:03`` on the same day (UTC), then with its date."""
    if moment is None:
        return MISSING
    utc = moment.astimezone(UTC)
    if abs(now - moment) < timedelta(days=1) and utc.date() == now.astimezone(UTC).date():
        return f"{utc:%H:%M}"
    return f"{utc.day} {utc:%b %H:%M}" if utc.year == now.astimezone(UTC).year else f"{utc:%Y-%m-%d}"


def exact_moment(moment: datetime | None) -> str:
    """The full time, for a tooltip."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def ordinal(n: int) -> str:
    """``1st``, ``2nd``, ``11th``, ``23rd``."""
    suffix = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{suffix}"


def plural(n: int, noun: str) -> str:
    """``1 run``, ``1,204 runs``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def and_more(names: Sequence[str], limit: int) -> str:
    """``a, b, c and 4 more``."""
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit:,} more"
