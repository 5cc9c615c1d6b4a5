"""Calls to outside services by processors of the replay class `recorded`.

Live the host makes the call and keeps what was asked and answered for the event. In a replay the answers come from the event, so that
it needs no network and costs nothing. A processor in a worker process asks through its pipe: it has no network of its own, and the
key of the service never reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import msgspec

from ledger.events.types import ServiceCall
from ledger.plugin import Answer

__all__ = ["Ask", "Asked", "Calls", "Heard"]


class Asked(msgspec.Struct, frozen=True):
    """A call as the processor wants it. `key` names the environment variable that holds the service's key, empty for none."""

    url: str
    body: str
    media_type: str = "application/json"
    key: str = ""
    timeout: float = 60.0


class Heard(msgspec.Struct, frozen=True, tag="heard"):
    """What came of it: a status with a text, or `error` when there was no answer."""

    status: int = 0
    text: str = ""
    error: str = ""


Ask = Callable[[Asked], Answer]
"""Makes a call. Raises OSError when there is no answer."""


class Calls:
    """The calls of one processor on one revision, in order; `made` is what the event keeps.

    `ask` makes them (None: there is no network), or `record` answers them. `keys` are the environment variables that the user
    named in the processor's settings; no other one may be used.
    """

    def __init__(
        self,
        ask: Ask | None = None,
        record: Sequence[ServiceCall] | None = None,
        keys: Collection[str] = (),
    ) -> None:
        self._ask = ask
        self._record = None if record is None else list(record)
        self._keys = keys
        self.made: list[ServiceCall] = []

    @property
    def recorded(self) -> bool:
        """Whether the answers are there already."""
        return self._record is not None

    def post(self, asked: Asked) -> Answer:
        """The answer, made or recorded. Raises OSError with the same message both times."""
        heard = self.hear(asked)
        if heard.error:
            raise OSError(heard.error)
        return Answer(status=heard.status, text=heard.text)

    def hear(self, asked: Asked) -> Heard:
        """As `post`, with the error as data."""
        if self._record is not None:
            call = self._recorded(asked)
            if call is None:
                return Heard(error="the record holds no answer to this request")
            heard = Heard(call.status, call.response, call.error)
        else:
            heard = self._made(asked)
        self.made.append(
            ServiceCall(
                url=asked.url,
                request=asked.body,
                status=heard.status,
                response=heard.text,
                error=heard.error,
            )
        )
        return heard

    def _recorded(self, asked: Asked) -> ServiceCall | None:
        assert self._record is not None
        for at, call in enumerate(self._record):
            if (call.url, call.request) == (asked.url, asked.body):
                return self._record.pop(at)
        return None

    def _made(self, asked: Asked) -> Heard:
        if asked.key and asked.key not in self._keys:
            return Heard(error=f"the settings of the processor do not name the variable {asked.key}")
        if self._ask is None:
            return Heard(error="there is no network here, and nothing is recorded")
        try:
            answer = self._ask(asked)
        except OSError as error:
            return Heard(error=str(error) or type(error).__name__)
        return Heard(answer.status, answer.text)
