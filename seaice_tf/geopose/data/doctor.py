"""What is in a folder of oblique tiles, and all that is wrong with it at once."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.geopose.data import circular
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import CITIES, LABELLED_TABLE, Facts
from seaice_tf.geopose.data.tiles import Tile

STEPS = 10  # of the histogram, in a metre
TALLEST = 656  # metres: what an AGL file can hold


@dataclass(frozen=True)
class Findings:
    """The tiles that could be read, and the troubles found on the way.

    Attributes:
        tiles: in order of their ids.
        facts: of the labelled ones.
        heights: city -> pixels of each tenth of a metre, (6560,).
        brightness: (tiles, 3) mean count of each channel.
        troubles: one line each.
        source: what the data are, for titles and tables.
    """

    tiles: tuple[Tile, ...]
    facts: tuple[Facts, ...]
    heights: dict[str, np.ndarray]
    brightness: np.ndarray
    troubles: tuple[str, ...]
    source: str

    def lines(self) -> list[str]:
        """What is there, in words."""
        sizes = Counter(f"{tile.shape[0]} x {tile.shape[1]}" for tile in self.tiles)
        counts = ", ".join(f"{number} of {size}" for size, number in sizes.most_common())
        colour = ", ".join(f"{mean:.0f}" for mean in self.brightness.mean(axis=0))
        lines = [f"{self.source}: {counts}; mean red, green, blue {colour} of 255"]
        for city in CITIES:
            tiles = [tile for tile in self.tiles if tile.city == city]
            if not tiles:
                lines.append(f"{city}: no tile")
                continue
            gsd = [tile.gsd for tile in tiles]
            number = f"{len(tiles)} tile{'s' * (len(tiles) > 1)}"
            line = f"{city}: {number}, gsd {min(gsd):.2f} to {max(gsd):.2f} m"
            lines.append(line + self._heights(city, tiles))
        return lines

    def _heights(self, city: str, tiles: list[Tile]) -> str:
        facts = [each for each in self.facts if each.city == city]
        known = sum(each.known for each in facts)
        if not known:
            return ""
        all_pixels = sum(tile.shape[0] * tile.shape[1] for tile in tiles)
        shares = np.cumsum(self.heights[city]) / known
        median, high, top = (np.searchsorted(shares, q) / STEPS for q in (0.5, 0.99, 1 - 1e-12))
        scales = [each.pose.scale for each in facts]
        tilts = np.degrees(np.arctan([each.pose.scale * each.gsd for each in facts]))
        agree = circular.concentration(np.array([each.pose.angle for each in facts]))
        return (
            f"; heights mean {sum(each.total for each in facts) / known:.1f} m, median "
            f"{median:.1f}, 99 % below {high:.1f}, highest {top:.1f}, "
            f"{1 - known / all_pixels:.1%} unknown; scale {min(scales):.2f} to {max(scales):.2f} "
            f"pixels a metre, tilt {tilts.min():.0f} to {tilts.max():.0f} degrees, directions "
            f"alike by {agree:.2f} of 1"
        )


def examine(folder: Path) -> Findings:
    """Read everything readable in `folder`, a tile at a time.

    Raises:
        InputError: no table, or no tile that can be read.
    """
    labelled = (folder / LABELLED_TABLE).is_file()
    tiles, troubles = geopose_tiles.scan(folder, labelled)
    good, facts, brightness = [], [], []
    heights = {city: np.zeros(STEPS * TALLEST, np.int64) for city in CITIES}
    for tile in tiles:
        try:
            mean = geopose_tiles.read_image(tile).mean(axis=(0, 1))
            if labelled:
                agl = geopose_tiles.read_agl(tile)
                facts.append(geopose_tiles.facts_of(tile, agl))
                if not facts[-1].known:
                    troubles.append(
                        f"{tile.agl}: expected known heights, got none; take the tile out"
                    )
                steps = (agl[np.isfinite(agl)] * STEPS).astype(np.int32)
                heights[tile.city] += np.bincount(steps, minlength=STEPS * TALLEST)
        except InputError as error:
            troubles.append(str(error))
            continue
        good.append(tile)
        brightness.append(mean)
    if not good:
        raise InputError(f"{folder}: expected at least one readable tile; {troubles[0]}")
    return Findings(
        tuple(good),
        tuple(facts),
        heights,
        np.array(brightness),
        tuple(troubles),
        geopose_tiles.title(folder, len(good)),
    )
