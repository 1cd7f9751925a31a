"""JSON from untrusted files."""

import json
from typing import Any


def parse(content: str | bytes) -> Any:
    """Parse a JSON text.

    Raises:
        ValueError: not JSON, or brackets that are nested too deeply.
    """
    try:
        return json.loads(content)
    except UnicodeDecodeError as error:
        raise ValueError(str(error)) from error  # its repr contains the whole text
    except RecursionError as error:
        raise ValueError("brackets that are nested too deeply") from error
