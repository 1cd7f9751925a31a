"""What does a submission to the Overhead Geopose Challenge score?

By the published rule, which gives no error to pixels without a height (65535): how many there are
is printed. A tile that is missing, damaged, of another size or without a finite scale and angle
makes the score of its city 0; the published code leaves out tiles of which both files are missing,
and the challenge rejects their submission.

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
    found, problems = verification.score_submission(Path(submission), Path(tiles))
    print("| | R2 | of heights | of flow |\n|---|---|---|---|")
    for city in CITIES:
        if f"r2_{city.lower()}" in found:
            print(_row(CITY_NAMES[city], found, f"_{city.lower()}"))
    print(_row("**mean**", found))
    print("".join(f"\nproblem: {problem}" for problem in problems))


def _row(label: str, found: dict[str, float], end: str = "") -> str:
    return f"| {label} | " + " | ".join(f"{found[k + end]:.4f}" for k in KINDS) + " |"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except InputError as error:
        sys.exit(f"error: {error}")
