"""Play the demo story into a ledger, going on where an earlier run ended; optionally die on the way.

    python play_story.py HOME PORT [CALLS]

With CALLS the process kills itself with SIGKILL at that call of a function of newsledger or of its plugins, counted from
the first poll: anywhere in fetching, recording, annotating or projecting. Without, the number of calls is printed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import ledger
import ledger_claims
from ledger import open_ledger
from ledger.testing import FixedClock
from ledger.testing.demo import StoryServer, seeds_folder


def main(home: Path, port: int, deadline: int) -> None:
    calls = 0
    ours = (str(Path(ledger.__file__).parent), str(Path(ledger_claims.__file__).parent.parent / "ledger_"))

    def count(frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal calls
        if event == "call" and frame.f_code.co_filename.startswith(ours):
            calls += 1
            if calls == deadline:
                os.kill(os.getpid(), signal.SIGKILL)

    home.mkdir(parents=True, exist_ok=True)
    progress = home / "poll.txt"
    start = int(progress.read_text()) if progress.exists() else 0
    with StoryServer(seeds_folder(), port=port) as story:
        # The story's clock stands still during a poll, so a lease that a killed run left behind must not outlast it.
        settings = f'[fetch]\nallow_hosts = ["{story.address}"]\nhost_interval = 0\n[schedule]\nlease = 0\n'
        (home / "newsledger.toml").write_text(settings)
        clock = FixedClock(story.recorded_at)
        with open_ledger(home, clock=clock) as opened:
            opened.sources.load(seeds_folder() / "registry.json")
            for outlet, url in story.feeds.items():
                opened.feeds.add(url, outlet=outlet)
            threading.setprofile(count)
            sys.setprofile(count)
            for number in range(start, len(story.manifest.polls)):
                progress.write_text(str(number))
                story.move_to(number)
                clock.set(story.recorded_at)
                opened.poll(force=True)
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]
    sys.stdout.write(f"{calls}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else -1)
