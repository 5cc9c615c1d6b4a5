"""The webhook: a signed POST of a batch of events."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import msgspec

from ledger.plugin import CommittedEvent, SinkContext

__all__ = ["SIGNATURE", "post"]

SIGNATURE = "X-Newsledger-Signature-256"
"""Header that holds `sha256=` and the hex HMAC-SHA256 of the body under the shared secret."""


def post(events: Sequence[CommittedEvent], context: SinkContext) -> None:
    """POST `{"events": [...]}`. Raises OSError unless the answer is 2xx; the same events are then sent again later.

    `X-Newsledger-Delivery` is the same for the same batch, so that a receiver can leave out what it has.
    """
    config = context.config
    chosen = [event for event in events if not config.types or event.type in config.types]
    if not chosen:
        return
    body = msgspec.json.encode({"events": chosen})
    delivery = hashlib.sha256("\n".join(event.id for event in chosen).encode()).hexdigest()[:32]
    headers = {"Content-Type": "application/json", "X-Newsledger-Delivery": delivery}
    if config.secret:
        digest = hmac.new(config.secret.encode(), body, hashlib.sha256).hexdigest()
        headers[SIGNATURE] = f"sha256={digest}"
    status = context.post(config.url, body, headers)
    if not 200 <= status < 300:
        raise OSError(f"the webhook answered with HTTP status {status}")
