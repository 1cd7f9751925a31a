"""What a list or a folder of scenes holds, before anything is trained on it."""

from pathlib import Path

from seaice_tf.errors import InputError
from seaice_tf.icechart import examples
from seaice_tf.icechart.data import doctor as scene_doctor
from seaice_tf.icechart.data import sampling
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.data.doctor import SceneList
from seaice_tf.icechart.data.names import FACTORS
from seaice_tf.icechart.products import scene_plots, upload_check
from seaice_tf.icechart.settings import Settings


def doctor(settings: Settings, plots: Path | None) -> list[str]:
    """Print what the scenes are and how they differ from the target; gives their troubles.

    `data` may also be a list of names (JSON), or an upload file (.nc), which is checked for the
    scenes that `target` names or for any 20.
    """
    path = Path(settings.data)
    if path.is_file() and path.suffix == ".nc":
        return _upload(path, settings)
    found, troubles = (scene_doctor.read_list(path), []) if path.is_file() else _folder(settings)
    print(f"{len(found.names)} scenes")
    factors = _factors(found)
    aimed = examples.target(settings) if settings.target else found
    if aimed.pixels is None:
        factors = [factor for factor in factors if factor not in CHARTS]
    drawn = examples.sampling_weights(settings, found)
    comparisons = scene_doctor.compare(found, aimed, factors, drawn)
    for each in comparisons:
        print(f"{each.factor}: " + ", ".join(f"{k} {v:.0%}" for k, v in _largest(each.train)))
        if settings.target:
            before, after = each.distances
            print(f"  distance from the target {before:.2f}, {after:.2f} as weights draw them")
    if settings.target:
        print(
            f"weights of {', '.join(settings.target_factors)}: {drawn.min():.2f} to "
            f"{drawn.max():.2f}, as good as {sampling.effective_number(drawn):.0f} scenes"
        )
    if plots:
        lists = ("train", "target", "weighted") if settings.target else ("train",)
        rows = [(c.factor, {name: getattr(c, name) for name in lists}) for c in comparisons]
        written = [scene_plots.write_shares(plots / "shares.png", rows, settings.data)]
        if settings.target:
            written.append(scene_plots.write_weights(plots / "weights.png", drawn, settings.data))
        for path in written:
            print(f"plot: {path}")
    return troubles


def _upload(path: Path, settings: Settings) -> list[str]:
    names = [name.short for name in examples.target(settings).names] if settings.target else None
    return upload_check.troubles(path, names)


def _folder(settings: Settings) -> tuple[SceneList, list[str]]:
    troubles = []
    for path in sar_scene.find(Path(settings.data)):
        found = scene_doctor.troubles(path)
        troubles += found
        if not found and not scene_doctor.is_charted(path):
            print(f"{path.name}: no charts, it can only be predicted")
    if troubles:
        return _readable(settings), troubles
    return scene_doctor.read_folder(Path(settings.data)), troubles


def _readable(settings: Settings) -> SceneList:
    names, areas = [], []
    for path in sar_scene.find(Path(settings.data)):
        try:
            scene = sar_scene.describe(path)
        except InputError:
            continue
        names.append(scene.name)
        areas.append(scene_doctor.area(scene))
    if not names:
        raise InputError(f"{settings.data}: expected scenes, got none that can be read")
    return SceneList(tuple(names), tuple(areas))


def _factors(found: SceneList) -> list[str]:
    return [*FACTORS, *(CHARTS if found.pixels is not None else ())]


def _largest(shares, number: int = 8) -> list[tuple[str, float]]:
    return sorted(shares.items(), key=lambda item: -item[1])[:number]
