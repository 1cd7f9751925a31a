"""Made-up scenes in the ready-to-train format, labelled so in their attributes."""

from pathlib import Path

from seaice_tf.files.synthetic_cache import SYNTHETIC_TITLE
from seaice_tf.icechart.data import scene_writer, synthetic_names
from seaice_tf.icechart.data import synthetic as synthetic_scene
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.data.synthetic import SyntheticScene


def write(
    folder: Path, number: int, shape: tuple[int, int], seed: int = 0, tests: int = 0
) -> list[Path]:
    """Write scenes into `folder`; the same arguments give the same values.

    Args:
        folder: gets `<time>_<service>_prep.nc`, and `..._prep_reference.nc` beside test scenes.
        number: of scenes; their kinds take turns: mixed, land, open_water, masked.
        shape: lines and samples of 80 m.
        seed: of everything random.
        tests: how many of them, the last ones, have their charts in a reference file.

    Returns:
        The paths of the scenes.
    """
    paths = []
    for index, label in enumerate(synthetic_names.labels(number, seed)):
        scene = synthetic_scene.scene(label, shape, seed)
        path = folder / label.name.prep
        hidden = index >= number - tests
        write_scene(path, scene, charts=not hidden)
        if hidden:
            write_reference(path.with_name(f"{path.stem}_reference.nc"), scene)
        paths.append(path)
    return paths


def write_scene(path: Path, scene: SyntheticScene, charts: bool = True) -> Path:
    """One ready-to-train scene, with its charts or, as test scenes are, without."""
    content = {**scene.fine, **(scene.charts if charts else {})}
    ties = {"latitude": scene.latitude, "longitude": scene.longitude}
    return scene_writer.write(
        path, _shape(scene), [(0, content)], scene.coarse, ties, _attributes(scene)
    )


def write_reference(path: Path, scene: SyntheticScene) -> Path:
    """The charts of a test scene."""
    return scene_writer.write(path, _shape(scene), [(0, scene.charts)], {}, {}, _attributes(scene))


def _shape(scene: SyntheticScene) -> tuple[int, int]:
    lines, samples = scene.charts[CHARTS[0]].shape
    return lines, samples


def _attributes(scene: SyntheticScene) -> dict[str, str]:
    return {
        "title": SYNTHETIC_TITLE,
        "original_id": f"{scene.label.raw}.nc",
        "ice_service": scene.label.name.service,
    }
