"""What the documentation says of the networks."""

import re
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[3] / "docs" / "forecast_models.md"


@pytest.fixture(scope="session")
def documented_parameters() -> dict[str, int]:
    """Parameters by variant: the first and the last column of the table."""
    rows = re.findall(r"^\| `(\w+)` \|.* ([\d,]+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    return {name: int(number.replace(",", "")) for name, number in rows}
