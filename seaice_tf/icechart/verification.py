"""Charts against what analysts drew, beside the baselines."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seaice_tf.files import maps
from seaice_tf.grids.windows import Window
from seaice_tf.icechart.cases import EvaluateOptions
from seaice_tf.icechart.conditions import CONDITIONS, Counts, added
from seaice_tf.icechart.data import decision as ice_decision
from seaice_tf.icechart.data import downscale, scene
from seaice_tf.icechart.data import inputs as scene_inputs
from seaice_tf.icechart.data.charts import CHARTS, MASK, SAR
from seaice_tf.icechart.products import maps as icechart_maps
from seaice_tf.icechart.products import scene_plots
from seaice_tf.icechart.scores import autoice as scores
from seaice_tf.icechart.scores import baselines as baselines_charts
from seaice_tf.task import Case, Maps, Pairs, Predictor

ROWS = 256  # that are read at once
COLUMNS = ("pixels", "precision", "recall", "f1")  # of the scores by class


def window(case: Case) -> Window:
    """The pixels of 80 m that are charted: the scene, or the part of it that is looked at."""
    return case.inputs.window.times(case.context.factor, case.context.scene.shape)


def native(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """Charts at 80 m: (lines, samples) uint8."""
    here = window(case)
    shape = here.height, here.width
    return {
        chart: fields[chart]
        if fields[chart].shape == shape
        else downscale.enlarge(fields[chart], case.context.factor, shape)
        for chart in CHARTS
    }


def masked(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """The same with 255 where the SAR saw nothing."""
    valid = scene.read_valid(case.context.scene, window(case))
    charts = native(case, fields)
    return {chart: np.where(valid, charts[chart], np.uint8(MASK)) for chart in CHARTS}


def score(pairs: Pairs, options: EvaluateOptions | None = None) -> dict[str, float]:
    """The contest's scores of all scenes pooled, and of groups.

    Those of whole scenes always stand in it; what changes from pixel to pixel costs another look at
    all of them, and has to be asked for.
    """
    asked = [kind for kind in (options or EvaluateOptions()).by if kind in CONDITIONS]
    tables, labels = [], []
    counts: dict[str, Counts] = {}
    for case, fields in pairs:
        charts = native(case, fields)
        tables.append(scores.matrices(case.truth, charts))
        labels.append(case.context.labels())
        for kind in asked:
            more = CONDITIONS[kind].count(case, fields, charts)
            counts[kind] = added(counts.get(kind), more)
    total = scores.pooled(tables)
    result = {**scores.scores(total), **_by_class(total)}
    groups = _groups(tables, labels)
    groups |= {kind: CONDITIONS[kind].rows(count) for kind, count in counts.items()}
    return result | {key: v for kind, rows in groups.items() for key, v in _flat(kind, rows)}


def _groups(tables: list, labels: list[dict[str, str]]) -> dict[str, dict]:
    """By kind of label the scores of the scenes that share one."""
    return {
        kind: scores.by_condition(tables, [label[kind] for label in labels])
        for kind in (labels[0] if labels else {})
    }


def _flat(kind: str, rows: dict[str, dict[str, float]]) -> Iterator[tuple[str, float]]:
    for group, row in rows.items():
        yield from ((f"{kind}_{group}/{name}", value) for name, value in row.items())


def _by_class(total: scores.Matrices) -> dict[str, float]:
    return {
        f"class_{chart} {row['class']}/{name}": row[name]
        for chart, rows in scores.by_class(total).items()
        for row in rows
        for name in COLUMNS
    }


def combine(members: Sequence[Maps]) -> dict[str, np.ndarray]:
    """Charts of several runs to those of their ensemble, by the mean of their probabilities.

    They agree on open water where those of all members do.
    """
    agree = all(
        np.array_equal(member["SIC"] == 0, member[chart] == 0)
        for member in members
        for chart in CHARTS
    )
    return ice_decision.merged(members, agree)


def sheet(case: Case, fields: Maps, model: str) -> Figure:
    """Radar, charts, uncertainty and, if it is known, truth of a scene."""
    context, here = case.context, window(case)
    shape = here.height, here.width
    doubts = downscale.enlarge(fields["uncertainty"], context.factor, shape)
    truth = case.truth
    if truth is not None:
        truth = {chart: truth[chart][here.slices] for chart in CHARTS}
    return icechart_maps.figure(
        f"{case.name}, {context.area}: {model} on {context.source}",
        scene.read_fine(context.scene, SAR[:1], here)[..., 0],
        scene.read_valid(context.scene, here),
        masked(case, fields),
        truth,
        {chart: doubts[..., i] for i, chart in enumerate(CHARTS)},
    )


def verify(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """A sheet of each scene beside its truth; the scores under each condition as bars; whether the
    probabilities can be believed."""
    paths, tables, labels = [], [], []
    counts: dict[str, Counts] = {}
    for case, fields in pairs:
        paths.append(maps.write(out / f"{case.name}.png", sheet(case, fields, model)))
        charts = native(case, fields)
        tables.append(scores.matrices(case.truth, charts))
        labels.append({"scene": case.name, **case.context.labels()})
        for kind, condition in CONDITIONS.items():
            counts[kind] = added(counts.get(kind), condition.count(case, fields, charts))
    rows = {kind: condition.rows(counts[kind]) for kind, condition in CONDITIONS.items()}
    odds = rows.pop("reliability")
    paths.append(scene_plots.write_reliability(out / "reliability.png", odds, model))
    for kind, bars in {**_groups(tables, labels), **rows}.items():
        paths.append(scene_plots.write_conditions(out / f"by_{kind}.png", bars, f"{kind}: {model}"))
    return paths


def _open_water(case: Case) -> Maps:
    return baselines_charts.open_water(case.context.grid)


def _usual(case: Case) -> Maps:
    usual = baselines_charts.usual(case.context.training().pixels)
    return baselines_charts.constant(usual, case.context.grid)


def _usual_of_month(case: Case) -> Maps:
    known = case.context.training()
    chosen = known.months == case.context.scene.name.month
    return baselines_charts.constant(
        baselines_charts.usual(known.pixels, chosen), case.context.grid
    )


def _usual_of_area(case: Case) -> Maps:
    known = case.context.training()
    chosen = known.areas == case.context.area
    return baselines_charts.constant(
        baselines_charts.usual(known.pixels, chosen), case.context.grid
    )


def _usual_of_month_and_area(case: Case) -> Maps:
    """Where the area has no scene of the month, those of the month."""
    known = case.context.training()
    month = known.months == case.context.scene.name.month
    both = month & (known.areas == case.context.area)
    return baselines_charts.constant(
        baselines_charts.usual(known.pixels, both if both.any() else month), case.context.grid
    )


def _linear(case: Case) -> Maps:
    """Of the microwave channels, pixel by pixel."""
    context, (height, width) = case.context, case.context.grid
    model = context.training().linear
    charts = {chart: np.empty((height, width), np.uint8) for chart in CHARTS}
    for top in range(0, height, ROWS):
        here = Window(top, 0, min(ROWS, height - top), width)
        values, _ = scene_inputs.read(context.scene, model.channels, here, context.factor)
        for chart, classes in baselines_charts.of_channels(model, values).items():
            charts[chart][here.slices] = classes
    return charts


BASELINES: dict[str, Predictor] = {
    "open_water": _open_water,
    "usual": _usual,
    "usual_of_month": _usual_of_month,
    "usual_of_area": _usual_of_area,
    "usual_of_month_and_area": _usual_of_month_and_area,
    "linear_of_microwave": _linear,
}
