"""What is written of heights and poses: the contest's files, and the images seen from above."""

from pathlib import Path

from seaice_tf.errors import InputError
from seaice_tf.geopose.products import maps as geopose_maps
from seaice_tf.geopose.products import submission
from seaice_tf.geopose.products import tiles as geopose_products
from seaice_tf.geopose.verification import DRAWN, sheet
from seaice_tf.task import Pairs, PredictOptions

SUBMISSION = "submission.tar.gz"


def write(pairs: Pairs, out: Path, model: str, options: PredictOptions | None = None) -> list[Path]:
    """Write <id>_AGL.tif and <id>_VFLOW.json of each tile and the contest's archive of them, both
    images and heights rectified, and a quick-look of the first tiles.

    Raises:
        InputError: the archive is none that the contest takes.
    """
    files: list[Path] = []
    others: list[Path] = []
    shapes: dict[str, tuple[int, int]] = {}
    for case, fields in pairs:
        drawn = sheet(case, fields)
        files += geopose_products.write(out / "tiles", case.name, drawn.agl, drawn.pose)
        above = out / "rectified"
        others.append(
            geopose_products.write_image(above / f"{case.name}_RGB.tif", drawn.rectified.image)
        )
        others.append(
            geopose_products.write_agl(above / f"{case.name}_AGL.tif", drawn.rectified.agl)
        )
        if len(shapes) < DRAWN:
            caption = f"{model} on {case.context.source}"
            others.append(
                geopose_maps.write(out / "quicklooks" / f"{case.name}.png", [drawn], caption)
            )
        shapes[case.name] = case.context.tile.shape
    archive = geopose_products.write_submission(out / SUBMISSION, files)
    if troubles := submission.troubles(archive, shapes):
        raise InputError(f"{archive}: expected what the contest takes, got: {'; '.join(troubles)}")
    return [archive, *files, *others]
