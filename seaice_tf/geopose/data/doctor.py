"""Statistics of a folder of oblique tiles, and all of its problems at once."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import CITIES, TileStatistics, resultant_length
from seaice_tf.geopose.data.tiles import LABELLED_TABLE, Tile

STEPS = 10  # bins of the histogram per metre
TALLEST = 656  # metres, the range of an AGL file


@dataclass(frozen=True)
class Findings:
    """Statistics of the readable tiles, and the problems of the others.

    Attributes:
        tiles: in order of their ids.
        statistics: of the labelled tiles.
        heights: city -> histogram of the heights in bins of 0.1 m, (6560,).
        brightness: (tiles, 3) mean value of each channel, 0 to 255.
        problems: one sentence each.
        source: name of the data, for titles and tables.
    """

    tiles: tuple[Tile, ...]
    statistics: tuple[TileStatistics, ...]
    heights: dict[str, np.ndarray]
    brightness: np.ndarray
    problems: tuple[str, ...]
    source: str

    def lines(self) -> list[str]:
        """The statistics as sentences."""
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
        statistics = [each for each in self.statistics if each.city == city]
        known = sum(each.known for each in statistics)
        if not known:
            return ""
        all_pixels = sum(tile.shape[0] * tile.shape[1] for tile in tiles)
        cumulative = np.cumsum(self.heights[city]) / known
        median, high, top = (np.searchsorted(cumulative, q) / STEPS for q in (0.5, 0.99, 1 - 1e-12))
        scales = [each.pose.scale for each in statistics]
        tilts = np.degrees(np.arctan([each.pose.scale * each.gsd for each in statistics]))
        agreement = resultant_length(np.array([each.pose.angle for each in statistics]))
        return (
            f"; heights mean {sum(each.total for each in statistics) / known:.1f} m, median "
            f"{median:.1f}, 99 % below {high:.1f}, highest {top:.1f}, "
            f"{1 - known / all_pixels:.1%} unknown; scale {min(scales):.2f} to {max(scales):.2f} "
            f"pixels per metre, tilt {tilts.min():.0f} to {tilts.max():.0f} degrees, mean "
            f"resultant length of the directions {agreement:.2f}"
        )


def examine(folder: Path) -> Findings:
    """Read all tiles of a folder, one at a time.

    Raises:
        InputError: there is no table, or no readable tile.
    """
    labelled = (folder / LABELLED_TABLE).is_file()
    tiles, problems = geopose_tiles.scan(folder, labelled)
    readable, statistics, brightness = [], [], []
    heights = {city: np.zeros(STEPS * TALLEST, np.int64) for city in CITIES}
    for tile in progress.track(tiles, "reading tiles"):
        try:
            mean = geopose_tiles.read_image(tile).mean(axis=(0, 1))
            if labelled:
                agl = geopose_tiles.read_agl(tile)
                statistics.append(geopose_tiles.statistics(tile, agl))
                if not statistics[-1].known:
                    problems.append(
                        f"{tile.agl}: expected known heights, got none; remove the tile"
                    )
                steps = (agl[np.isfinite(agl)] * STEPS).astype(np.int32)
                heights[tile.city] += np.bincount(steps, minlength=STEPS * TALLEST)
        except InputError as error:
            problems.append(str(error))
            continue
        readable.append(tile)
        brightness.append(mean)
    if not readable:
        raise InputError(f"{folder}: expected at least one readable tile; {problems[0]}")
    return Findings(
        tuple(readable),
        tuple(statistics),
        heights,
        np.array(brightness),
        tuple(problems),
        geopose_tiles.title(folder, len(readable)),
    )
