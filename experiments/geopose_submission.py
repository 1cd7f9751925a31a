"""What does a submission to the Overhead Geopose Challenge score?

A tile that is missing, damaged or of another size makes the score of its city 0.

Usage: python experiments/geopose_submission.py SUBMISSION TILES
(SUBMISSION: a folder of <id>_AGL.tif and <id>_VFLOW.json, as `seaice-tf predict geopose` leaves
them in tiles/; TILES: the folder of the labelled tiles, all of which are expected)
"""

import sys
from pathlib import Path

from seaice_tf.errors import InputError
from seaice_tf.geopose import verification
from seaice_tf.geopose.data.pose import CITIES, CITY_NAMES

KINDS = ("r2", "r2_agl", "r2_vflow")


def main(submission: str, tiles: str) -> None:
    found = verification.score_submission(Path(submission), Path(tiles))
    print("| | R2 | of heights | of flow |\n|---|---|---|---|")
    for city in CITIES:
        if f"r2_{city.lower()}" in found:
            print(_row(CITY_NAMES[city], found, f"_{city.lower()}"))
    print(_row("**mean**", found))
    if found["missing"]:
        print(f"\n{found['missing']:.0f} tiles have no prediction")


def _row(label: str, found: dict[str, float], end: str = "") -> str:
    return f"| {label} | " + " | ".join(f"{found[k + end]:.4f}" for k in KINDS) + " |"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except InputError as error:
        sys.exit(f"error: {error}")
