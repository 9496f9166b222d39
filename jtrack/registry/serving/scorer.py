"""Answers requests with a model: several of them by one predict, where that was seen to give the same.

A predict of sixteen rows costs little more than one of a single row, so that what waits is predicted together. Each
request still stands for itself: where one spoils the others, each is predicted alone.
"""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from jtrack.errors import InvalidInputError, JTrackError, SignatureError
from jtrack.registry.enforce import enforce_inputs, enforce_params
from jtrack.registry.load import PyFuncModel, open_folder
from jtrack.registry.model import PYTHON_FUNCTION
from jtrack.registry.serving.answers import UnsplittableError, encode_error, encode_predictions, split_predictions
from jtrack.registry.serving.batches import data_of, faults_of, join_asks
from jtrack.registry.serving.faults import RequestError, model_failed, unfit_data
from jtrack.registry.serving.log import say
from jtrack.registry.serving.protocol import JSON, Ask, Form, parse_ask

Request = tuple[str, bytes]  # content type, body


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; ``n_rows`` is how many rows were predicted."""

    status: int
    content_type: str
    body: bytes
    n_rows: int = 0


class Scorer:
    """A model and how it answers.

    Parameters
    ----------
    joins
        Whether requests may be predicted together.
    """

    def __init__(self, model: PyFuncModel, *, joins: bool) -> None:
        self.joins = joins
        self._model = model
        self._signature = model.metadata.signature
        self._schema = None if self._signature is None else self._signature.inputs

    @classmethod
    def open(cls, folder: Path, *, trust: bool, joins: bool | None = None) -> Scorer:
        """Load the model in a folder, and see by its example whether requests may be joined.

        Parameters
        ----------
        joins
            ``None`` joins where the example shows that each row is predicted by itself; without an example of two rows,
            models of a framework are joined and plain Python isn't.

        Raises
        ------
        JTrackError
            The model can't be opened.
        """
        model = open_folder(folder, trust=trust)
        return cls(model, joins=_may_join(model, folder) if joins is None else joins)

    def score(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests, each as if it had come alone."""
        answers: list[Answer | None] = [None] * len(requests)
        groups: dict[Any, list[tuple[int, Ask]]] = {}
        for place, (content_type, body) in enumerate(requests):
            try:
                ask = parse_ask(content_type, body)
            except RequestError as error:
                answers[place] = _refusal(error)
                continue
            key = ask.join_key if self.joins else None
            groups.setdefault(place if key is None else (key,), []).append((place, ask))
        for group in groups.values():
            for (place, _), answer in zip(group, self._answer_group([ask for _, ask in group]), strict=True):
                answers[place] = answer
        return [answer for answer in answers if answer is not None]

    def _answer_group(self, asks: list[Ask]) -> list[Answer]:
        if len(asks) > 1:
            try:
                predictions = split_predictions(self._predict(join_asks(asks)), [ask.n_rows for ask in asks])
                return [_answer(ask, part) for ask, part in zip(asks, predictions, strict=True)]
            except UnsplittableError:
                self.joins = False
            except Exception:  # whose fault it is shows when each is asked alone
                pass
        return [self._answer_one(ask) for ask in asks]

    def _answer_one(self, ask: Ask) -> Answer:
        try:
            return _answer(ask, self._predict(ask))
        except RequestError as error:
            return _refusal(error)
        except Exception:
            number = secrets.token_hex(4)
            say(f"the model failed on a request, {number}:\n{traceback.format_exc()}")
            return _refusal(model_failed(number))

    def _predict(self, ask: Ask) -> Any:
        """Predict; a RequestError has every fault of the data and of the params."""
        faults: list[str] = []
        data = _or_faults(lambda: self._data(ask), faults)
        params = _or_faults(lambda: enforce_params(ask.params, self._signature), faults)
        if faults:
            raise unfit_data(faults)
        return self._model.predict_unchecked(data, params)

    def _data(self, ask: Ask) -> Any:
        data, is_enforced = data_of(ask, self._schema)
        return data if is_enforced else enforce_inputs(data, self._signature)


def _or_faults(make: Callable[[], Any], faults: list[str]) -> Any:
    try:
        return make()
    except (InvalidInputError, SignatureError) as error:
        faults += faults_of(error)
        return None


def _answer(ask: Ask, predictions: Any) -> Answer:
    # The bodies of chats and completions are answered as they came: without a wrapping.
    body = encode_predictions(predictions, is_wrapped=ask.form is not Form.plain)
    return Answer(200, JSON, body, ask.n_rows)


def _refusal(error: RequestError) -> Answer:
    return Answer(error.status, *encode_error(error))


def _may_join(model: PyFuncModel, folder: Path) -> bool:
    """Predict two rows of the example together and each alone: a model that looks at its neighbours is not joined."""
    from jtrack.registry.example import load_example_params, load_input_example

    by_itself = any(name != PYTHON_FUNCTION for name in model.metadata.flavors)
    try:
        data, params = load_input_example(folder, model.metadata), load_example_params(folder, model.metadata)
        rows: Any = getattr(data, "iloc", data)
        if data is None or isinstance(data, dict) or len(data) < 2:
            return by_itself
        together, first, second = (model.predict(rows[part], params) for part in (slice(2), slice(1), slice(1, 2)))
        parts = split_predictions(together, [1, 1])
    except (JTrackError, UnsplittableError, TypeError, ValueError):
        return False
    return all(_is_same(part, alone) for part, alone in zip(parts, (first, second), strict=True))


def _is_same(one: Any, other: Any) -> bool:
    from jtrack.registry.export.parts.scoring import differences

    plain = [orjson.loads(encode_predictions(predictions)) for predictions in (one, other)]
    return not differences(*plain)
