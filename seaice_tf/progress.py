"""Progress on standard error: what is being done, how far it is, and the time left.

Off until `show` turns it on, as the command line does; a notebook may, too. While it is off these
functions cost nothing and print nothing, so that any room may call them.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

LONG = 2.0  # seconds from which a finished step leaves a line
PER_SECOND = 4  # times that the display is drawn

Item = TypeVar("Item")
Update = Callable[..., None]

_shown = False
_display: "Progress | None" = None
_open = 0  # steps in `_display`
_lock = threading.RLock()


def show(on: bool | None = None) -> None:
    """Turn progress on or off.

    Args:
        on: by default on if standard error is a terminal, so that pipes and logs stay quiet.
    """
    global _shown
    _shown = sys.stderr.isatty() if on is None else on


def shown() -> bool:
    """Whether progress is shown."""
    return _shown


def track(items: Iterable[Item], text: str, total: int | None = None) -> Iterator[Item]:
    """The items as they are, with the number done shown while they are iterated.

    Args:
        items: any iterable; it may be a generator.
        text: what is being done, such as "scoring climatology".
        total: number of items, by default `len(items)` where there is one.

    >>> list(track("abc", "spelling"))
    ['a', 'b', 'c']
    """
    if total is None and hasattr(items, "__len__"):
        total = len(items)  # type: ignore[arg-type]
    with bar(text, total) as update:
        for item in items:
            yield item
            update()


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """A context that shows that something of unknown length is being done."""
    with bar(text):
        yield


@contextlib.contextmanager
def bar(text: str, total: int | None = None, done: int = 0) -> Iterator[Update]:
    """A context that yields `update(advance=1, note="")`.

    Args:
        text: what is being done.
        total: number of parts; None if unknown.
        done: parts done before, as of a run that is resumed.
    """
    if not _shown:
        yield _no_update
        return
    started = time.monotonic()
    display = _enter()
    task = display.add_task(text, total=total, completed=done, note="")

    def update(advance: float = 1, note: str | None = None) -> None:
        fields: dict[str, Any] = {} if note is None else {"note": note}
        display.update(task, advance=advance, **fields)

    try:
        yield update
        _leave_line(display, task, time.monotonic() - started)
    finally:
        display.remove_task(task)
        _exit()


def _no_update(advance: float = 1, note: str | None = None) -> None:
    """`update` while progress is off."""


def _enter() -> "Progress":
    """The display, started with its first step; a terminal has room for one only."""
    global _display, _open
    with _lock:
        if _display is None:
            _display = _new_display()
            _display.start()
        _open += 1
        return _display


def _exit() -> None:
    global _display, _open
    with _lock:
        _open -= 1
        if _open == 0 and _display is not None:
            _display.stop()
            _display = None


def _new_display() -> "Progress":
    # Imported here: rich takes 0.1 s, and most callers show nothing.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
    from rich.text import Text

    class Numbers(ProgressColumn):
        """What is done, the time that it took, the time left, and the note; cut to the width."""

        def render(self, task):
            parts = [_clock(task.elapsed)]
            if task.total is not None:
                parts.insert(0, f"{task.completed:.0f}/{task.total:.0f}")
                if task.time_remaining is not None:
                    parts.append(f"{_clock(task.time_remaining)} left")
            parts += [task.fields["note"]] if task.fields["note"] else []
            return Text(", ".join(parts), no_wrap=True, overflow="ellipsis")

    return Progress(
        SpinnerColumn("line"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=12),
        Numbers(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # not what is piped into a file
        refresh_per_second=PER_SECOND,
    )


def _clock(seconds: float | None) -> str:
    """Seconds as a clock shows them.

    >>> _clock(75), _clock(3675)
    ('1:15', '1:01:15')
    """
    minutes, rest = divmod(round(seconds or 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _leave_line(display: "Progress", task: Any, seconds: float) -> None:
    """Print what was done of a long step, unless it is part of another."""
    if _open > 1 or seconds < LONG:
        return
    (row,) = (each for each in display.tasks if each.id == task)
    number = f"{row.completed:.0f}, " if row.total else ""
    display.console.print(f"{row.description}: {number}{seconds:.0f} s", markup=False, style="dim")
