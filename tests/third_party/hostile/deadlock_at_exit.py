"""Waits at exit for a lock that nobody gives back."""

import atexit
import threading

from ledger.plugin import Annotation, Span, processor

LOCK = threading.Lock()
LOCK.acquire()
atexit.register(LOCK.acquire)
threading.Thread(target=LOCK.acquire).start()


class DeadlockAtExit(Annotation, frozen=True, kw_only=True, tag="deadlock_at_exit.mark"):
    note: str = ""


@processor("deadlock_at_exit", version="1.0", provides=[DeadlockAtExit], timeout=20.0)
def deadlock_at_exit(article, context):
    """Waits at exit for a lock that nobody gives back."""
    yield DeadlockAtExit(span=Span(0, 1))
