"""What keeps a direct wire from an answer, in words, and what is known of the request then."""

from __future__ import annotations

from xpander_client.core.answer import Fault
from xpander_client.core.retry import Fate
from xpander_client.transport import wire
from xpander_client.transport.direct.answers import AnswerError, CutOffError
from xpander_client.transport.direct.codings import CodingError
from xpander_client.transport.direct.requests import RequestError
from xpander_client.transport.wire import WireError

_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""OpenSSL's names for an answer that is no TLS."""


def _make_error(
    words: str,
    cause: Exception | None = None,
    fate: Fate = Fate.UNKNOWN,
    *,
    timed_out: bool = False,
    advice: str = "",
) -> WireError:
    """Make an error; the words of its cause stand behind the others."""
    if cause is not None:
        said = f": {cause}" if str(cause) else ""
        words = f"{words} ({type(cause).__name__}{said})"
    return WireError(Fault(words + advice, fate, timed_out))


def fail_request(cause: RequestError) -> WireError:
    """Make the error of a request that can't be sent."""
    return WireError(Fault(str(cause), Fate.IMPOSSIBLE))


def fail_place() -> WireError:
    """Make the error of a request that waited for a place in vain."""
    return _make_error(wire.NO_PLACE, fate=Fate.NOT_SENT, timed_out=True)


def fail_connect(cause: Exception, address: str) -> WireError:
    """Make the error of a connection that was not made: no byte of a request has left."""
    if isinstance(cause, TimeoutError):
        return _make_error(wire.NO_CONNECTION_IN_TIME, cause, Fate.NOT_SENT, timed_out=True)
    advice = ""
    # Only errors of `ssl` have one, which is not imported for http.
    if getattr(cause, "reason", None) in _NO_TLS:
        advice = wire.advise_http(address)
    return _make_error(wire.NO_CONNECTION, cause, Fate.NOT_SENT, advice=advice)


def fail_send(cause: Exception) -> WireError:
    """Make the error of a request of which no more could be sent."""
    if isinstance(cause, TimeoutError):
        return _make_error(wire.NOT_SENT_IN_TIME, cause, timed_out=True)
    return _make_error(wire.BROKE_WHILE_SENDING, cause)


def fail_read(cause: Exception) -> WireError:
    """Make the error of an answer that did not come, or can't be read."""
    match cause:
        case TimeoutError():
            return _make_error(wire.NOTHING_IN_TIME, cause, timed_out=True)
        case CutOffError():
            return _make_error(wire.BROKEN_OFF, cause)
        case AnswerError():
            return _make_error("the platform's answer is not HTTP that can be read", cause)
        case CodingError():
            return _make_error(wire.UNREADABLE_CODING, cause)
        case _:
            return _make_error(wire.BROKE_WHILE_READING, cause)


def fail_late() -> WireError:
    """Make the error of an answer that keeps each time limit, and outlasts the call."""
    return _make_error(wire.LATE, timed_out=True)
