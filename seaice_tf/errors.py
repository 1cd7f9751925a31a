"""The one exception for what a user can put right."""


class InputError(Exception):
    """Bad data, settings or folder. Its text reads *where: expected ..., got ..., what to do*.

    The command line prints it as one line; everything else that is raised is a defect of ours.
    """

    def __str__(self):
        return one_line(super().__str__())


def reason(error: Exception) -> str:
    """What an exception says in its first line, or its type if it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0]


LONGEST = 1000  # characters


def one_line(text: str) -> str:
    r"""A message that can be shown: what files bring into it is escaped, and not quoted at length.

    >>> one_line("expected a name, got \x1b[2J")
    'expected a name, got \\x1b[2J'
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class DiskError(InputError):
    """What a disk refuses, because it is full or read-only."""


def require_known_format(number: object, known: int, where: object) -> None:
    """InputError if a file's format number is not one that this version reads."""
    if type(number) is not int or not 1 <= number <= known:
        raise InputError(
            f"{where}: expected format {known}, got {number!r}, of a newer version perhaps; update "
            f"seaice_tf"
        )
