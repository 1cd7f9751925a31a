"""The exception for everything that a user can put right."""

import re


class InputError(ValueError):
    """Invalid data, arguments, settings or folders.

    Reads *where: expected ..., got ...; what to do*.

    The command line prints it as one line; any other exception is a bug.
    """

    def __str__(self):
        return one_line(super().__str__())


def reason(error: Exception) -> str:
    """First line of the message of an exception, or its type if the message is empty."""
    return (unwrapped(str(error)).splitlines() or [type(error).__name__])[0]


LONGEST = 1000  # characters
# What Keras puts around the message of an error in the call of a layer.
WRAPPED = re.compile(
    r"Exception encountered when calling [^\n]*\n\n"
    r"(?P<message>.*?)\s*((Call a|A)rguments received by .*)?",
    re.DOTALL,
)
BOLD = re.compile("\x1b\\[[01]m")


def unwrapped(text: str) -> str:
    """A message without what Keras put around it, or around the error that it comes from."""
    if (found := WRAPPED.fullmatch(text)) is None:
        return text
    return unwrapped(BOLD.sub("", found["message"]).rpartition("Error encountered:\n\n")[2])


def one_line(text: str) -> str:
    r"""A message in one line: `unwrapped`, escaped, and no longer than LONGEST characters.

    >>> one_line("expected a name, got \x1b[2J")
    'expected a name, got \\x1b[2J'
    """
    text = unwrapped(text)
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class NotFittedError(InputError):
    """A baseline for which the training data have nothing to fit it to."""


class DiskError(InputError):
    """The disk is full or read-only."""


class RunError(InputError):
    """A run that does not fit the data, so that none of its predictions would be right."""


def require_known_format(number: object, known: int, where: object) -> None:
    """Raise an InputError if this version cannot read the format number of a file."""
    if type(number) is not int or not 1 <= number <= known:
        raise InputError(
            f"{where}: expected format {known}, got {number!r}, perhaps of a newer version; "
            f"update seaice_tf"
        )
