"""Check of a list or folder of scenes, or of an AutoICE upload, without training."""

from functools import partial
from pathlib import Path

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.icechart import examples
from seaice_tf.icechart.data import sampling
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.data.names import FACTORS
from seaice_tf.icechart.data.sampling import SceneList
from seaice_tf.icechart.products import plots as scene_plots
from seaice_tf.icechart.products import upload
from seaice_tf.icechart.settings import Settings


def doctor(settings: Settings, plots: Path | None) -> list[str]:
    """Print the composition of the scenes and its distance from the target's.

    Args:
        settings: `data` names a folder of scenes or a list of names (JSON).
        plots: folder for plots; None writes none.

    Returns:
        The problems found, in sentences.
    """
    path = Path(settings.data)
    found, problems = (sampling.read_list(path), []) if path.is_file() else _folder(settings)
    print(f"{len(found.names)} scenes")
    if not found.names:
        return problems
    factors = _factors(found)
    target = examples.target_list(settings) if settings.target else found
    if target.pixels is None:
        factors = [factor for factor in factors if factor not in CHARTS]
    weights = examples.sampling_weights(settings, found)
    comparisons = sampling.compare(found, target, factors, weights)
    for each in comparisons:
        print(f"{each.factor}: " + ", ".join(f"{k} {v:.0%}" for k, v in _largest(each.train)))
        if settings.target:
            before, after = each.distances
            print(f"  distance from the target {before:.2f}, {after:.2f} with sampling weights")
    if settings.target:
        print(
            f"sampling weights by {', '.join(settings.target_factors)}: {weights.min():.2f} to "
            f"{weights.max():.2f}, effective number of scenes "
            f"{sampling.effective_number(weights):.0f}"
        )
    if plots:
        lists = ("train", "target", "weighted") if settings.target else ("train",)
        rows = [(c.factor, {name: getattr(c, name) for name in lists}) for c in comparisons]
        written = [scene_plots.write_composition(plots / "composition.png", rows, settings.data)]
        if settings.target:
            written.append(scene_plots.write_weights(plots / "weights.png", weights, settings.data))
        for path in written:
            print(f"plot: {path}")
    return problems


def check_upload(path: Path, target: Path | None = None) -> list[str] | None:
    """Problems of an AutoICE upload.

    Args:
        path: of the netCDF file.
        target: list of the scenes that it must contain (JSON), or their folder, for their charts
            too; None for any 20.

    Returns:
        One sentence for each problem; None for a file that is no upload.
    """
    if not upload.is_upload(path):
        return None
    if target is None:
        return upload.problems(path)
    if not target.is_dir():
        return upload.problems(path, [name.short for name in sampling.read_list(target).names])
    labelled = {file: sar_scene.with_charts(file) for file in sar_scene.find(target)}
    charts = {file.name[:19]: scene for file, scene in labelled.items() if scene.charts}
    return upload.problems(
        path,
        [file.name for file in labelled],
        {file.name[:19]: scene.shape for file, scene in labelled.items()},
        {short: partial(sar_scene.read_charts, scene) for short, scene in charts.items()},
    )


def _folder(settings: Settings) -> tuple[SceneList, list[str]]:
    problems = []
    for path in progress.track(sar_scene.find(Path(settings.data)), "reading scenes"):
        found = sar_scene.problems(path)
        problems += found
        if not found and not sar_scene.has_charts(path):
            print(f"{path.name}: no charts, for prediction only")
    if problems:
        return _readable(settings), problems
    return sampling.read_folder(Path(settings.data)), problems


def _readable(settings: Settings) -> SceneList:
    names, areas = [], []
    for path in sar_scene.find(Path(settings.data)):
        try:
            scene = sar_scene.describe(path)
        except InputError:
            continue
        names.append(scene.name)
        areas.append(sar_scene.area(scene))
    return SceneList(tuple(names), tuple(areas))


def _factors(found: SceneList) -> list[str]:
    return [*FACTORS, *(CHARTS if found.pixels is not None else ())]


def _largest(frequencies, number: int = 8) -> list[tuple[str, float]]:
    return sorted(frequencies.items(), key=lambda item: -item[1])[:number]
