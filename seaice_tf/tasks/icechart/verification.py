"""Charts against what analysts drew, beside the baselines."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seaice_tf import baselines_charts
from seaice_tf.errors import InputError
from seaice_tf.readers import sar_scene
from seaice_tf.scores import icechart as scores
from seaice_tf.task import Case, Maps, Pairs, Predictor
from seaice_tf.tasks.icechart.cases import Options
from seaice_tf.transforms import downscale, ice_decision
from seaice_tf.transforms.icechart import CHARTS, MASK, SAR
from seaice_tf.transforms.windows import Window
from seaice_tf.writers import icechart_maps, maps, scene_plots

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
    valid = sar_scene.read_valid(case.context.scene, window(case))
    charts = native(case, fields)
    return {chart: np.where(valid, charts[chart], np.uint8(MASK)) for chart in CHARTS}


def score(pairs: Pairs, options: Options | None = None) -> dict[str, float]:
    """The contest's scores of all scenes pooled, and of the groups asked for."""
    options = options or Options()
    tables, labels = [], []
    for case, fields in pairs:
        tables.append(scores.matrices(case.truth, native(case, fields)))
        labels.append(case.context.labels())
    total = scores.pooled(tables)
    result = scores.scores(total)
    for kind in options.by:
        result |= _by_class(total) if kind == "class" else _by_condition(kind, tables, labels)
    return result


def _by_condition(kind: str, tables: list, labels: list[dict[str, str]]) -> dict[str, float]:
    groups = scores.by_condition(tables, [label[kind] for label in labels])
    return {
        f"{kind}_{group}/{name}": value
        for group, row in groups.items()
        for name, value in row.items()
    }


def _by_class(total: scores.Matrices) -> dict[str, float]:
    return {
        f"class_{chart} {row['class']}/{name}": row[name]
        for chart, rows in scores.by_class(total).items()
        for row in rows
        for name in COLUMNS
    }


def combine(members: Sequence[Maps]) -> dict[str, np.ndarray]:
    """Charts of several runs to those of their ensemble, by vote, and their mean uncertainty."""
    agree = all(
        ((member["SIC"] == 0) == (member[chart] == 0)).all()
        for member in members
        for chart in CHARTS
    )
    if not agree:
        raise InputError(
            "ensemble: expected charts that agree on open water, got others; use runs that were "
            "trained with --agree"
        )
    uncertainty = np.mean([member["uncertainty"] for member in members], axis=0)
    return {**ice_decision.vote(members), "uncertainty": uncertainty}


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
        sar_scene.read_fine(context.scene, SAR[:1], here)[..., 0],
        sar_scene.read_valid(context.scene, here),
        masked(case, fields),
        truth,
        {chart: doubts[..., i] for i, chart in enumerate(CHARTS)},
    )


def verify(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """A sheet of each scene beside its truth, and the scores of each as bars."""
    paths, tables, names = [], [], []
    for case, fields in pairs:
        paths.append(maps.write(out / f"{case.name}.png", sheet(case, fields, model)))
        tables.append(scores.matrices(case.truth, native(case, fields)))
        names.append(case.name)
    bars = {str(name): row for name, row in scores.by_condition(tables, names).items()}
    return [*paths, scene_plots.write_conditions(out / "scores.png", bars, model)]


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


BASELINES: dict[str, Predictor] = {
    "open_water": _open_water,
    "usual": _usual,
    "usual_of_month": _usual_of_month,
    "usual_of_area": _usual_of_area,
}
