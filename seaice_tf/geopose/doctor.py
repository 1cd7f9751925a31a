"""What a folder of tiles holds, or what is wrong with a submission."""

from pathlib import Path

from seaice_tf.errors import InputError
from seaice_tf.geopose.data import doctor as geopose_doctor
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.products import submission
from seaice_tf.geopose.settings import Settings


def doctor(settings: Settings, plots: Path | None) -> list[str]:
    """Print cities, heights and directions of a folder; gives its troubles.

    Of an archive (.tar.gz), those that keep the contest from taking it for the tiles of `target`.
    """
    path = Path(settings.data)
    if path.name.endswith(".tar.gz"):
        if not settings.target:
            raise InputError(
                f"{path}: expected --target, the folder of the tiles that it has to hold, got none"
            )
        wanted = geopose_tiles.read_unlabelled(Path(settings.target))
        return submission.troubles(path, {tile.id: tile.shape for tile in wanted})
    found = geopose_doctor.examine(path)
    print("\n".join(found.lines()))
    return list(found.troubles)
