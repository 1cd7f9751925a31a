"""Records of maps, images and masks on a page, and how their arrays are packed into bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

Colours = Literal["ice", "change", "uncertainty", "grey", "height", "fraction"]
FULL, MISSING = 250, 255  # bytes of a packed array: the upper end of its scale, and no value


@dataclass(frozen=True)
class Field:
    """A map for each frame: an array of its own, or the difference of two other fields.

    Attributes:
        name: label of its switch.
        values: (frames, rows, columns) uint8 made by `packed`; None for a difference.
        colours: colour map.
        low, high: values at the bytes 0 and 250.
        difference_of: positions (a, b) of the fields whose a - b is shown; then low is -high.
    """

    name: str
    values: np.ndarray | None
    colours: Colours
    low: float
    high: float
    difference_of: tuple[int, int] | None = None


@dataclass(frozen=True)
class Edge:
    """A contour of a field.

    Attributes:
        name: label of its switch.
        field: position of the field.
        level: value of the contour.
    """

    name: str
    field: int
    level: float


@dataclass(frozen=True)
class Frames:
    """Maps to step through or play, one at a time or side by side.

    Attributes:
        title: heading.
        labels: of the frames, such as months, times or lead times.
        fields: the maps, all on one grid.
        edges: contours that can be shown over any field.
        unit: of the values.
        missing: label of cells without a value, such as "land".
        side_by_side: show all fields side by side at first.
        seconds: duration of a frame when played.
        text: note below.
    """

    kind: ClassVar[str] = "frames"
    title: str
    labels: Sequence[str]
    fields: Sequence[Field]
    edges: Sequence[Edge] = ()
    unit: str = ""
    missing: str = "no data"
    side_by_side: bool = False
    seconds: float = 0.6
    text: str = ""


@dataclass(frozen=True)
class Picture:
    """An image, stored as JPEG if it is a photo, otherwise as PNG with at most 256 colours.

    Attributes:
        name: caption.
        alt: text alternative.
        image: (rows, columns, 3) uint8.
        photo: whether it is a photo.
    """

    name: str
    alt: str
    image: np.ndarray
    photo: bool = False


@dataclass(frozen=True)
class Scene:
    """A thumbnail and the pictures that it opens.

    Attributes:
        name: of the scene.
        label: below the name.
        picture: the thumbnail, shown first in every row.
        rows: name -> further pictures; one row is shown at a time.
    """

    name: str
    label: str
    picture: Picture
    rows: Mapping[str, Sequence[Picture]]


@dataclass(frozen=True)
class Scenes:
    """Thumbnails, and the pictures of the selected scene below.

    Attributes:
        title: heading.
        scenes: to choose from.
        legends: name of a row -> class name -> colour "#rrggbb".
        text: note below.
    """

    kind: ClassVar[str] = "scenes"
    title: str
    scenes: Sequence[Scene]
    legends: Mapping[str, Mapping[str, str]]
    text: str = ""


@dataclass(frozen=True)
class Photo:
    """A photo with predicted probabilities, labels and predicted masks.

    Attributes:
        name: of the photo.
        picture: of any size.
        probabilities: (classes, rows, columns) of each pixel, packed by `packed`.
        class_probabilities: (classes,) that the photo contains each class.
        true, decided: (rows, columns) uint8 masks, bit i set in pixels of class i.
    """

    name: str
    picture: Picture
    probabilities: np.ndarray
    class_probabilities: Sequence[float]
    true: np.ndarray
    decided: np.ndarray


@dataclass(frozen=True)
class Masks:
    """Photos under masks that follow sliders, with their Dice coefficients.

    Attributes:
        title: heading.
        classes: name -> colour "#rrggbb".
        photos: to choose from.
        thresholds: (classes,) initial thresholds of the pixel probabilities.
        gates: (classes,) initial thresholds of the class probabilities.
        text: note below.
    """

    kind: ClassVar[str] = "masks"
    title: str
    classes: Mapping[str, str]
    photos: Sequence[Photo]
    thresholds: Sequence[float]
    gates: Sequence[float]
    text: str = ""


@dataclass(frozen=True)
class Pair:
    """Two pictures of equal size with a slider between them, and arrows on top.

    Attributes:
        name: of the pair.
        under, over: `over` is shown left of the slider, `under` right of it.
        arrows: (n, 4) of x, y, dx, dy as fractions of width and height.
    """

    name: str
    under: Picture
    over: Picture
    arrows: np.ndarray | None = None


@dataclass(frozen=True)
class Swipe:
    """Pairs of pictures to compare with a slider."""

    kind: ClassVar[str] = "swipe"
    title: str
    pairs: Sequence[Pair]
    text: str = ""


def packed(values: np.ndarray, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Quantise numbers to bytes: 0 at `low`, 250 at `high`, clipped at both; NaN becomes 255.

    Rounded down, so that `value >= threshold` holds for the bytes too if the threshold is a
    multiple of (high - low) / 250.

    >>> packed(np.array([0.0, 0.5, 1.0, 2.0, np.nan]))
    array([  0, 125, 250, 250, 255], dtype=uint8)
    """
    unknown = np.isnan(values)
    steps = (np.where(unknown, low, values).astype(np.float64) - low) * FULL / (high - low)
    whole = np.clip(steps + 1e-6, 0, FULL).astype(np.uint8)  # rounded down: none is negative
    return np.where(unknown, np.uint8(MISSING), whole)


def spread(values: Sequence[float], number: int) -> list[int]:
    """Choose at most `number` positions, evenly from the lowest value to the highest; NaN last.

    >>> spread([3.0, 1.0, 2.0, 5.0, 4.0], 3)
    [1, 0, 3]
    """
    order = np.argsort(values, kind="stable")
    places = np.linspace(0, len(order) - 1, max(min(number, len(order)), 1)).round().astype(int)
    return [int(order[place]) for place in places] if len(order) else []
