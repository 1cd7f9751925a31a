"""Progress: quiet until it is turned on, and then it says what is done."""

import re

import pytest

from seaice_tf import progress

CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def terminal(monkeypatch, capsys):
    """Standard error as a terminal of 120 columns, with progress turned on; reads its text."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(progress, "LONG", 0)
    progress.show(True)
    yield lambda: CODES.sub("", capsys.readouterr().err)
    progress.show(False)


def test_nothing_is_shown_by_a_library(capsys):
    assert list(progress.track(range(3), "counting")) == [0, 1, 2]
    with progress.step("waiting"), progress.bar("training", 2) as update:
        update(note="loss 0.1")
    assert capsys.readouterr() == ("", "")


def test_a_pipe_stays_quiet(capsys):
    progress.show()  # capsys is no terminal
    list(progress.track(range(3), "counting"))
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_what_is_done_and_how_far(terminal):
    with progress.bar("training", 5, done=1) as update:
        update()
        update(note="loss 0.125")
        progress._display.refresh()
    text = terminal()
    assert all(part in text for part in ("training", "3/5", "loss 0.125", "left"))
    assert re.search(r"training: 3, \d+ s", text)


def test_steps_within_a_step_share_the_display(terminal):
    for _ in progress.track("ab", "baselines"):
        for _ in progress.track(iter("xyz"), "cases [of one]", total=3):
            progress._display.refresh()
    text = terminal()
    assert "cases [of one]" in text
    assert "2/3" in text
    assert re.search(r"baselines: 2, \d+ s", text)
    assert "cases [of one]: 3" not in text  # only the outer step leaves a line
    assert progress._display is None


def test_an_error_closes_the_display(terminal):
    with pytest.raises(KeyboardInterrupt), progress.step("waiting"):
        raise KeyboardInterrupt
    assert progress._display is None
    assert "waiting: " not in terminal()


def test_an_iteration_that_is_left_closes_the_display(terminal):
    iterator = progress.track(range(9), "cases")
    next(iterator)
    iterator.close()
    assert progress._display is None
