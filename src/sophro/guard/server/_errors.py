"""Errors of the server, in the shape that OpenAI clients read.

Contract: whatever goes wrong with a request ends in ``ApiError``: one clear sentence, a status, a type and a code
that programs can tell apart. Before the first byte it is an HTTP status; after it, an error event in the stream.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# Which error types go with which status.
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    408: "timeout_error",
    429: "rate_limit_error",
    500: "server_error",
    502: "upstream_error",
    503: "unavailable_error",
    504: "upstream_error",
}


class ApiError(Exception):
    """A request that ends with an error.

    Args:
        status: HTTP status.
        message: One sentence with the remedy.
        code: Stable word for programs.
        param: Field of the request that is wrong.
        headers: Further response headers.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Return the body of the response."""
        kind = _TYPES.get(self.status, "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}


def dumps(value: Any) -> bytes:
    """Return ``value`` as JSON in ASCII, so that no text of a model or a user can break the encoding or a line."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def bad(message: str, param: str | None = None, code: str = "invalid_value") -> ApiError:
    """Return the error for a request that is wrong in itself."""
    return ApiError(400, message, code, param)


def garbage(what: str) -> ApiError:
    """Return the error for an upstream that answers what is no answer."""
    return ApiError(502, f"the upstream's response is not usable: {what}", "upstream_garbage")


def well_formed(text: str) -> str:
    """Return ``text`` as UTF-8 can hold it: half of a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
