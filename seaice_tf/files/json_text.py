"""JSON from files that anybody may have written."""

import json
from typing import Any


def parse(content: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: no JSON, or brackets that are nested too deeply.
    """
    try:
        return json.loads(content)
    except UnicodeDecodeError as error:
        raise ValueError(str(error)) from error  # its repr would hold the whole text
    except RecursionError as error:
        raise ValueError("brackets that are nested too deeply") from error
