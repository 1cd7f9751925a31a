"""Records of what moves, lies in layers or is swept on a page, and the bytes they are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

Colours = Literal["ice", "change", "doubt", "grey", "height", "share"]
FULL, MISSING = 250, 255  # bytes of a packed array: the upper end of its scale, and no value


@dataclass(frozen=True)
class Field:
    """A map for each frame: packed bytes (frames, rows, columns), or the difference of two others.

    Attributes:
        name: as the switch says it.
        values: made by `packed`; None if it is a difference.
        colours: of the map.
        low, high: what the bytes 0 and 250 stand for.
        minus: positions of the fields (a, b) whose a - b is shown; then low is -high.
    """

    name: str
    values: np.ndarray | None
    colours: Colours
    low: float
    high: float
    minus: tuple[int, int] | None = None


@dataclass(frozen=True)
class Edge:
    """A contour of one of the fields, at a value."""

    name: str
    field: int
    level: float


@dataclass(frozen=True)
class Frames:
    """Maps to be stepped through or played: one at a time or side by side.

    Attributes:
        title: stands above them.
        labels: of the frames: months, times or leads.
        fields: on one grid.
        edges: contours to be switched on over any field.
        unit: of the values.
        missing: what has no value: "land".
        together: show all fields side by side at first.
        seconds: that a frame is shown when it plays.
    """

    kind: ClassVar[str] = "frames"
    title: str
    labels: Sequence[str]
    fields: Sequence[Field]
    edges: Sequence[Edge] = ()
    unit: str = ""
    missing: str = "no data"
    together: bool = False
    seconds: float = 0.6
    text: str = ""


@dataclass(frozen=True)
class Picture:
    """An image (rows, columns, 3) uint8 and what a reader who does not see it is told.

    A photo is kept as JPEG, anything else as PNG with at most 256 colours.
    """

    name: str
    alt: str
    image: np.ndarray
    photo: bool = False


@dataclass(frozen=True)
class Scene:
    """One thing with its pictures side by side.

    Attributes:
        name: of the thing.
        label: what is said of it.
        picture: shown first, and as its thumbnail.
        rows: further pictures, of which one row is shown at a time.
    """

    name: str
    label: str
    picture: Picture
    rows: Mapping[str, Sequence[Picture]]


@dataclass(frozen=True)
class Scenes:
    """Thumbnails; the pictures of the chosen one stand below, with legends by the row's name."""

    kind: ClassVar[str] = "scenes"
    title: str
    scenes: Sequence[Scene]
    legends: Mapping[str, Mapping[str, str]]  # row -> name -> colour "#rrggbb"
    text: str = ""


@dataclass(frozen=True)
class Photo:
    """A photo with the probability of each class, its labels and the masks decided on.

    Attributes:
        name: of the photo.
        picture: of any size.
        probabilities: (classes, rows, columns), packed by `packed`.
        chances: (classes,) of the photo to hold each class.
        true, decided: (rows, columns) uint8, bit i set where class i is.
    """

    name: str
    picture: Picture
    probabilities: np.ndarray
    chances: Sequence[float]
    true: np.ndarray
    decided: np.ndarray


@dataclass(frozen=True)
class Masks:
    """Photos under masks that are drawn again, with their Dice, as thresholds are moved."""

    kind: ClassVar[str] = "masks"
    title: str
    classes: Mapping[str, str]  # name -> colour "#rrggbb"
    photos: Sequence[Photo]
    thresholds: Sequence[float]
    gates: Sequence[float]
    text: str = ""


@dataclass(frozen=True)
class Pair:
    """Two pictures of one size to be wiped over each other, and arrows over them.

    Attributes:
        name: of the pair.
        under, over: `over` is on the left of the handle.
        arrows: (n, 4) x, y, dx, dy as fractions of the width and height.
    """

    name: str
    under: Picture
    over: Picture
    arrows: np.ndarray | None = None


@dataclass(frozen=True)
class Swipe:
    """Pairs of pictures with a handle between them."""

    kind: ClassVar[str] = "swipe"
    title: str
    pairs: Sequence[Pair]
    text: str = ""


def packed(values: np.ndarray, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Numbers as bytes: 0 at `low` to 250 at `high`, cut at both; NaN becomes 255.

    A step is rounded down, so that value >= threshold holds for the bytes too, of thresholds that
    are whole steps.

    >>> packed(np.array([0.0, 0.5, 1.0, 2.0, np.nan]))
    array([  0, 125, 250, 250, 255], dtype=uint8)
    """
    steps = (np.nan_to_num(np.asarray(values, np.float64)) - low) * FULL / (high - low)
    whole = np.floor(np.clip(steps + 1e-6, 0, FULL))
    return np.where(np.isnan(values), MISSING, whole).astype(np.uint8)


def spread(values: Sequence[float], number: int) -> list[int]:
    """Positions of at most `number` of the values, evenly from the lowest to the highest; NaN last.

    >>> spread([3.0, 1.0, 2.0, 5.0, 4.0], 3)
    [1, 0, 3]
    """
    order = np.argsort(values, kind="stable")
    places = np.linspace(0, len(order) - 1, max(min(number, len(order)), 1)).round().astype(int)
    return [int(order[place]) for place in places] if len(order) else []
