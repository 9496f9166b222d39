"""What can be named how in the registry: models, versions, aliases and stages, with MLflow's rules; pure."""

from __future__ import annotations

import re
from typing import Any

from jtrack.entities import ModelStage
from jtrack.errors import InvalidInputError
from jtrack.values import check_text

MAX_NAME, MAX_ALIAS, MAX_KEY, MAX_TAG = 256, 255, 250, 100_000
LATEST = "latest"

_ALIAS = re.compile(r"[\w\-]+")
_VERSION_LIKE = re.compile(r"[vV]\d+")


def check_model_name(name: object) -> str:
    """Return ``name`` if a registered model can have it.

    Raises
    ------
    InvalidInputError
        It is not text, empty, too long, or holds a ``/``, a ``:`` or an ``@``, which part an address.
    """
    if not isinstance(name, str):
        raise InvalidInputError(f"a registered model's name is text, not {type(name).__name__}: {name!r:.80}")
    text = check_text("registered model", "name", name)
    if not text.strip() or len(text) > MAX_NAME:
        problem = "is empty" if not text.strip() else f"has {len(text)} characters"
        raise InvalidInputError(f"a registered model's name {problem}", f"give 1 to {MAX_NAME} characters")
    bad = next((sign for sign in text if sign in "/:@" or ord(sign) < 32), None)
    if bad is not None:
        better = re.sub(r"[/:@\x00-\x1f]+", "-", text).strip("-")
        raise InvalidInputError(
            f"a registered model's name holds no {bad!r}, unlike {text!r}", f"{better!r} will do" if better else None
        )
    return text


def check_alias(alias: object) -> str:
    """Return ``alias`` if a version can have it.

    Raises
    ------
    InvalidInputError
        It is no word, too long, ``latest``, or looks like a version (``v1``).
    """
    if not isinstance(alias, str) or not _ALIAS.fullmatch(alias):
        raise InvalidInputError(f"an alias is of letters, digits, _ and -, unlike {alias!r:.80}", "such as 'champion'")
    if len(alias) > MAX_ALIAS:
        raise InvalidInputError(f"an alias has at most {MAX_ALIAS} characters, not {len(alias)}")
    if alias.lower() == LATEST:
        raise InvalidInputError(f"{alias!r} is reserved: it is the newest version", "choose another, as 'champion'")
    if _VERSION_LIKE.fullmatch(alias):
        raise InvalidInputError(f"{alias!r} is reserved: it looks like a version", "choose another, as 'champion'")
    return alias


def parse_version(version: Any) -> int:
    """Read a version's number: ``3``, ``"3"``, or a version itself.

    Raises
    ------
    InvalidInputError
        It is none.
    """
    number = getattr(version, "version", version)
    if isinstance(number, int) and not isinstance(number, bool) and number > 0:
        return number
    if isinstance(number, str) and (digits := re.fullmatch(r"\s*[vV]?0*([1-9]\d{0,8})\s*", number)):
        return int(digits[1])
    raise InvalidInputError(f"{number!r} is no number of a version", "versions are 1, 2, 3 …")


def parse_stage(stage: Any) -> ModelStage:
    """Read a stage, in any case.

    Raises
    ------
    InvalidInputError
        It is none.
    """
    found = find_stage(stage)
    if found is None:
        known = ", ".join(one.value for one in ModelStage)
        raise InvalidInputError(f"{stage!r} is no stage of a version", f"there are: {known}")
    return found


def find_stage(stage: Any) -> ModelStage | None:
    """Read a stage, in any case; ``None`` if it is none. Python's ``None`` is the stage of that name."""
    wanted = str(stage).strip().lower()
    return next((one for one in ModelStage if one.value.lower() == wanted), None)
