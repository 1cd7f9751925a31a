"""Verification of ice charts against the analysts' charts, beside the baselines."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from seaice_tf.errors import NotFittedError
from seaice_tf.icechart import native
from seaice_tf.icechart.cases import EvaluateOptions, TrainingStatistics
from seaice_tf.icechart.data import decision
from seaice_tf.icechart.data import inputs as scene_inputs
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.products import plots
from seaice_tf.icechart.products.maps import write_scene
from seaice_tf.icechart.scores import autoice, baselines
from seaice_tf.icechart.scores.conditions import CONDITIONS, Counts, added
from seaice_tf.task import Case, Maps, Pairs, Predictor

ROWS = 256  # that are read at once
COLUMNS = ("pixels", "precision", "recall", "f1")  # of the scores by class


def score(pairs: Pairs, options: EvaluateOptions | None = None) -> dict[str, float]:
    """AutoICE scores of all scenes pooled, of each class and of groups.

    Args:
        pairs: cases with truth, and their fields.
        options: `by` selects the conditions that vary from pixel to pixel, which take another pass
            over all pixels; groups of whole scenes are always scored.

    Returns:
        The scores by name; "<kind>_<group>/<score>" for groups.
    """
    conditions = [kind for kind in (options or EvaluateOptions()).by if kind in CONDITIONS]
    tables, labels = [], []
    counts: dict[str, Counts] = {}
    for case, fields in pairs:
        charts = native.charts(case, fields)
        tables.append(autoice.matrices(case.truth, charts))
        labels.append(case.context.labels())
        for kind in conditions:
            more = CONDITIONS[kind].count(case, fields, charts)
            counts[kind] = added(counts.get(kind), more)
    total = autoice.pooled(tables)
    result = {**autoice.scores(total), **_by_class(total)}
    groups = _groups(tables, labels)
    groups |= {kind: CONDITIONS[kind].rows(count) for kind, count in counts.items()}
    return result | {key: v for kind, rows in groups.items() for key, v in _flat(kind, rows)}


def _groups(tables: list, labels: list[dict[str, str]]) -> dict[str, dict]:
    """Scores of the scenes that share a label, by kind of label."""
    return {
        kind: autoice.by_condition(tables, [label[kind] for label in labels])
        for kind in (labels[0] if labels else {})
    }


def _flat(kind: str, rows: dict[str, dict[str, float]]) -> Iterator[tuple[str, float]]:
    for group, row in rows.items():
        yield from ((f"{kind}_{group}/{name}", value) for name, value in row.items())


def _by_class(total: autoice.Matrices) -> dict[str, float]:
    return {
        f"class_{chart} {row['class']}/{name}": row[name]
        for chart, rows in autoice.by_class(total).items()
        for row in rows
        for name in COLUMNS
    }


def combine(members: Sequence[Maps]) -> dict[str, np.ndarray]:
    """Combine the fields of several runs by the mean of their probabilities.

    The charts of the ensemble are consistent if those of all members are.
    """
    consistent = all(
        np.array_equal(member["SIC"] == 0, member[chart] == 0)
        for member in members
        for chart in CHARTS
    )
    return decision.ensemble_mean(members, consistent)


def verify(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """Plot each scene beside its truth, the scores by condition and a reliability diagram.

    Args:
        pairs: cases with truth, and their fields.
        out: folder for the PNG files.
        model: name of the model, for titles.

    Returns:
        The files.
    """
    paths, tables, labels = [], [], []
    counts: dict[str, Counts] = {}
    for case, fields in pairs:
        paths.append(write_scene(out / f"{case.name}.png", case, fields, model))
        charts = native.charts(case, fields)
        tables.append(autoice.matrices(case.truth, charts))
        labels.append({"scene": case.name, **case.context.labels()})
        for kind, condition in CONDITIONS.items():
            counts[kind] = added(counts.get(kind), condition.count(case, fields, charts))
    rows = {kind: condition.rows(counts[kind]) for kind, condition in CONDITIONS.items()}
    reliability = rows.pop("reliability")
    paths.append(plots.write_reliability(out / "reliability.png", reliability, model))
    for kind, bars in {**_groups(tables, labels), **rows}.items():
        paths.append(plots.write_scores(out / f"by_{kind}.png", bars, f"{kind}: {model}"))
    return paths


def _open_water(case: Case) -> Maps:
    return baselines.open_water(case.context.grid)


def _training(case: Case) -> TrainingStatistics:
    """The statistics of the training scenes.

    Raises:
        NotFittedError: none of them has a chart.
    """
    training = case.context.training()
    if not all(pixels.any() for pixels in training.pixels.values()):
        raise NotFittedError(
            f"{case.context.scene.path.parent}: expected training scenes with charts, whose means "
            f"the baselines are, got none; put some beside the scenes that are scored"
        )
    return training


def _climatology(choose: Callable[[Case, TrainingStatistics], np.ndarray | None]) -> Predictor:
    """The climatology of the training scenes that `choose` marks, (scenes,) bool; None for all."""

    def predict(case: Case) -> Maps:
        training = _training(case)
        classes = baselines.climatology(training.pixels, choose(case, training))
        return baselines.constant(classes, case.context.grid)

    return predict


def _same_month(case: Case, training: TrainingStatistics) -> np.ndarray:
    return training.months == case.context.scene.name.month


def _same_area(case: Case, training: TrainingStatistics) -> np.ndarray:
    return training.areas == case.context.area


def _same_month_and_area(case: Case, training: TrainingStatistics) -> np.ndarray:
    """Scenes of the month in the area; in any area if there is none."""
    month = _same_month(case, training)
    both = month & _same_area(case, training)
    return both if both.any() else month


def _linear_regression(case: Case) -> Maps:
    """Pixel-wise linear regression on the brightness temperatures."""
    context = case.context
    model = _training(case).linear
    if not model.channels:
        raise NotFittedError(
            f"{context.scene.path.parent}: expected training scenes with brightness temperatures, "
            f"got none that all of them have; leave out those without"
        )
    charts = {chart: np.empty(context.grid, np.uint8) for chart in CHARTS}
    for here in scene_inputs.row_windows(context.grid, ROWS):
        values, _ = scene_inputs.read(context.scene, model.channels, here, context.factor)
        for chart, classes in baselines.predict_linear(model, values).items():
            charts[chart][here.slices] = classes
    return charts


BASELINES: dict[str, Predictor] = {
    "open_water": _open_water,
    "climatology": _climatology(lambda case, training: None),
    "monthly_climatology": _climatology(_same_month),
    "regional_climatology": _climatology(_same_area),
    "monthly_regional_climatology": _climatology(_same_month_and_area),
    "amsr2_linear_regression": _linear_regression,
}
RENAMED = {  # in scores.json of older runs
    "usual": "climatology",
    "usual_of_month": "monthly_climatology",
    "usual_of_area": "regional_climatology",
    "usual_of_month_and_area": "monthly_regional_climatology",
    "linear_of_microwave": "amsr2_linear_regression",
}

MEANING = {
    "score": "AutoICE score, (2 SIC + 2 SOD + FLOE) / 5, %",
    "SIC": "R2 of the concentration classes, %",
    "SOD": "F1 of the stage of development, weighted by support, %",
    "FLOE": "F1 of the floe size, weighted by support, %",
    "calibration": "expected calibration error of the class probabilities, 0 to 1",
}
