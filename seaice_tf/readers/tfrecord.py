"""The framing of TFRecord files: length, check, data, check. The checks are not looked at."""

import numpy as np

LENGTH, CHECK = 8, 4  # bytes


def spans(content: np.ndarray) -> list[tuple[int, int]]:
    """First byte and end of the data of each record of a file, (bytes,) uint8.

    Raises:
        ValueError: the file is empty or ends in the middle of a record.
    """
    found, at = [], 0
    while at < content.size:
        if at + LENGTH > content.size:
            raise ValueError("an end in the middle of a record")
        start = at + LENGTH + CHECK
        end = start + int(content[at : at + LENGTH].view("<u8")[0])
        at = end + CHECK
        if at > content.size:
            raise ValueError("an end in the middle of a record")
        found.append((start, end))
    if not found:
        raise ValueError("an empty file")
    return found
