"""Lists that come in pages, as MLflow's client gives them: a list with the token of the next one."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import TypeVar

from jtrack.errors import InvalidInputError

_T = TypeVar("_T")


class PagedList(list[_T]):
    """A list, and the token that asks for what follows; ``None`` on the last page."""

    token: str | None = None


def read_page(search: Callable[[int], list[_T]], max_results: int, page_token: str | None) -> PagedList[_T]:
    """Read one page of a search.

    Parameters
    ----------
    search
        Gives the first so many of what is searched for.

    Raises
    ------
    InvalidInputError
        The token is none that a page before gave.
    """
    offset = _offset(page_token)
    found = search(offset + max_results + 1)[offset:]
    page = PagedList(found[:max_results])
    if len(found) > max_results:
        page.token = base64.b64encode(json.dumps({"offset": offset + max_results}).encode()).decode()
    return page


def _offset(page_token: str | None) -> int:
    if not page_token:
        return 0
    try:
        return max(int(json.loads(base64.b64decode(page_token, validate=True))["offset"]), 0)
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise InvalidInputError(
            f"{page_token!r} is no page's token", "take it from the page before: page.token"
        ) from None
