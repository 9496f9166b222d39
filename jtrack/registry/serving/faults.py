"""What is wrong with a request, as MLflow's scoring server says it: a status, a code, a message, and all its faults.

Nothing of the model's own insides gets in here: what a model raises goes to the log, and the caller gets its number.
"""

from __future__ import annotations

from collections.abc import Sequence

from jtrack.errors import JTrackError

BAD_REQUEST, INVALID_PARAMETER_VALUE = "BAD_REQUEST", "INVALID_PARAMETER_VALUE"


class RequestError(JTrackError):
    """A request that is answered with an error.

    Parameters
    ----------
    status
        Of HTTP.
    code
        MLflow's ``error_code``; ``None`` answers the message alone, as plain text.
    message
        One line, for whoever called.
    faults
        Everything that is wrong, a line each.
    """

    def __init__(self, status: int, code: str | None, message: str, faults: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.faults = status, code, list(faults)


def bad_request(message: str) -> RequestError:
    """A body that is not of the protocol; ``Invalid input.`` is how MLflow begins."""
    return RequestError(400, BAD_REQUEST, f"Invalid input. {message}", [message])


def unfit_data(faults: Sequence[str]) -> RequestError:
    """Data or params that the model's signature refuses."""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    message = f"Failed to enforce schema of the data with the model's signature ({count}): {'; '.join(faults)}"
    return RequestError(400, INVALID_PARAMETER_VALUE, message, faults)


def unsupported(message: str) -> RequestError:
    """A content type, or a charset, that is not taken."""
    return RequestError(415, None, message)


def too_large(most: int) -> RequestError:
    """More bytes than the server takes."""
    return RequestError(413, "REQUEST_LIMIT_EXCEEDED", f"The body is larger than {most:,} bytes.")


def no_token() -> RequestError:
    """A request without the token that the server wants, or with another."""
    return RequestError(401, "UNAUTHENTICATED", "This server wants its token: send Authorization: Bearer TOKEN.")


def only_post() -> RequestError:
    """Another method than POST for predictions."""
    return RequestError(405, "BAD_REQUEST", "Predictions are asked for by POST.")


def too_late(timeout_s: float) -> RequestError:
    """No answer within the time a request has."""
    return RequestError(504, "TEMPORARILY_UNAVAILABLE", f"Request processing time exceeded limit: {timeout_s:g} s.")


def too_busy() -> RequestError:
    """As many requests wait as may."""
    return RequestError(503, "TEMPORARILY_UNAVAILABLE", "Too many requests wait; ask again in a moment.")


def model_failed(number: str) -> RequestError:
    """The model raised; the log has the traceback under ``number``."""
    return RequestError(
        500, "INTERNAL_ERROR", f"The model failed on this request. The server's log says why, under {number}."
    )
