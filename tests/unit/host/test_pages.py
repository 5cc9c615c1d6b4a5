"""A page of a plugin that does not end holds up nobody for long."""

from __future__ import annotations

import threading

import pytest

from ledger.errors import PluginError
from ledger.host.pages import within
from ledger.plugin import Page

PAGE = Page(name="slow", title="Slow", template="", load=lambda _: {})


def test_what_a_page_returns_and_raises_comes_through():
    assert within("tides", PAGE, lambda: 3) == 3
    with pytest.raises(TimeoutError, match="its own"):
        within("tides", PAGE, lambda: (_ for _ in ()).throw(TimeoutError("its own")))


def test_a_page_that_hangs_is_named_and_pages_that_hang_take_few_places():
    end = threading.Event()
    try:
        for _ in range(4):
            with pytest.raises(
                PluginError, match=r"'slow' of the plugin tides failed.*not ready within 0.01 s"
            ):
                within("tides", PAGE, end.wait, seconds=0.01)
        with pytest.raises(PluginError, match="hold every place"):
            within("tides", PAGE, lambda: 3, seconds=0.01)
    finally:
        end.set()
    assert within("tides", PAGE, lambda: 3) == 3
