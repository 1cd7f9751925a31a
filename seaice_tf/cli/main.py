"""The command line, seaice-tf VERB TASK [flags]: the same verbs for every task."""

import difflib
import importlib.util
import io
import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from seaice_tf import __version__, progress
from seaice_tf.cli import completion
from seaice_tf.cli.verbs import VERBS, WITHOUT_TASK
from seaice_tf.errors import InputError
from seaice_tf.runs import stop
from seaice_tf.tasks import TASKS

USAGE = """usage: seaice-tf VERB TASK [flags]

verbs:
  doctor      check data: period, gaps, damaged files, what to do
  fetch       download data: what is missing or has changed
  prepare     convert source files once into shards that training reads fast
  train       train a run, or resume one that was stopped
  tune        run a sweep; writes the best settings to a file for train
  evaluate    score a run and every baseline
  predict     write the products
  export      write the SavedModel of a run again
  report      RUN... --out FILE: write an HTML page of runs, or of a sweep
  board       start TensorBoard on the folder of runs
  feed        prepare batches for training on other machines, until stopped
  completion  SHELL: print what completes words in bash, zsh or fish
tasks:
  forecast    monthly sea-ice concentration of the next 12 months
  icechart    concentration, stage of development and floe size of ice on SAR scenes
  nowcast     the next two hours of satellite images of clouds, from the last hour
  clouds      masks of four kinds of cloud organisation on satellite photos
  geopose     height above ground and flow of an oblique view, from one image

seaice-tf VERB TASK --help lists the flags; report, board, feed and completion take no TASK.
  --quiet         no progress on the terminal, and no messages but warnings and errors
  --debug         show the traceback of an error
  -V, --version   print the version
  -h, --help      this text; so does: seaice-tf help [VERB [TASK]]"""
# What to do after Ctrl-C.
RESUMED = {
    "train": "; repeat the command to resume",
    "tune": "; repeat the command to resume",
    "predict": "; products may be incomplete",
    "prepare": "; repeat the command to continue, what is written is kept",
    "fetch": "; repeat the command to fetch the rest",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug, silent = ("--debug" in words), ("--quiet" in words)
    words = [word for word in words if word not in ("--debug", "--quiet")]
    _prepare_streams(silent)
    if words in (["--version"], ["-V"]):
        print(__version__)
        return 0
    words = _without_help(words)
    if not words:
        print(USAGE)
        return 0
    try:
        with stop.interruptible():
            return _run(words)
    except KeyboardInterrupt:
        print(f"stopped{RESUMED.get(words[0], '')}", file=sys.stderr)
        return stop.STOPPED
    except (InputError, OSError) as error:
        if debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        progress.show(False)


def entry() -> NoReturn:
    """Run the command of this process and end it."""
    code = main()
    if code == stop.STOPPED:
        sys.stdout.flush()
        stop.end()
    sys.exit(code)


class _Stderr(logging.StreamHandler):
    """Writes to what sys.stderr is now: progress puts itself before it while it is shown."""

    @property
    def stream(self):
        return sys.stderr

    @stream.setter
    def stream(self, value):
        """Ignored: the stream is looked up."""


def _prepare_streams(silent: bool) -> None:
    """Print what the package logs, and any file name in any locale; show progress."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    messages, warnings = _Stderr(), _Stderr()
    messages.addFilter(lambda record: record.levelno < logging.WARNING)
    warnings.setLevel(logging.WARNING)
    warnings.setFormatter(logging.Formatter("warning: %(message)s"))
    log = logging.getLogger("seaice_tf")
    log.handlers[:] = [messages, warnings]
    log.setLevel(logging.WARNING if silent else logging.INFO)
    progress.show(False if silent else None)


def _without_help(words: list[str]) -> list[str]:
    """The words with "help VERB TASK" as "VERB TASK --help"; none where the usage is asked for."""
    if words and words[0] == "help":
        words = [*words[1:], "--help"]
    asks = any(word in ("-h", "--help") for word in words)
    names = [word for word in words if not word.startswith("-")]
    without_task = bool(names) and names[0] in WITHOUT_TASK
    if asks and (not names or (names[0] in VERBS and len(names) < 2 and not without_task)):
        return []
    return words


def _require_keras() -> None:
    """InputError if the environment asks for the older Keras, which is not installed."""
    asked = os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")
    if asked and importlib.util.find_spec("tf_keras") is None:
        raise InputError(
            "TF_USE_LEGACY_KERAS: expected tf_keras, which it asks for, got none installed; unset "
            "the variable, or pip install '.[cluster]'"
        )


def _run(words: list[str]) -> int:
    verb, rest = words[0], words[1:]
    if verb == "completion":
        return completion.show(rest)
    if verb in WITHOUT_TASK:
        return WITHOUT_TASK[verb](TASKS, rest)
    _require_known("verb", verb, (*VERBS, *WITHOUT_TASK, "completion"))
    _require_known("task", rest[0] if rest else "", tuple(TASKS))
    _require_keras()
    return VERBS[verb](TASKS[rest[0]], rest[1:])


def _require_known(what: str, word: str, known: Sequence[str]) -> None:
    """InputError for a word that is none of the known ones, with the one that was meant."""
    if word in known:
        return
    near = difflib.get_close_matches(word, known, 1, cutoff=0.5)
    advice = f"; did you mean {near[0]}?" if near else ""
    got = repr(word) if word else "nothing"
    raise InputError(f"{what}: expected one of {', '.join(known)}, got {got}{advice}")
