"""Report sections of the ice charts: scenes with their errors, confusion and reliability."""

import numpy as np

from seaice_tf.icechart import native
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHART_TITLES, CHARTS, CLASSES, MASK, SAR
from seaice_tf.icechart.products.maps import COLOURS, NO_CHART
from seaice_tf.icechart.scores import autoice
from seaice_tf.report import encode
from seaice_tf.report.parts import Heat, Lines, Part, Section, Series
from seaice_tf.report.pictures import Picture, Scene, Scenes, spread
from seaice_tf.task import Case, ReportInput

SIDE = 240  # maximum pixels of a picture
MAX_SCENES = 16
BINS = 10


def sections(shown: ReportInput) -> list[Section]:
    """Scenes from the lowest to the highest score, confusion matrices and reliability."""
    fits = shown.max_bytes // encode.size(scene(shown, 0))
    chosen = spread(shown.values, min(max(fits, 1), MAX_SCENES))
    legends = {
        CHART_TITLES[chart]: {**dict(zip(CLASSES[chart], COLOURS[chart])), "no chart": NO_CHART}
        for chart in CHARTS
    }
    pictures = Scenes(
        "Scenes, from the lowest score to the highest",
        [scene(shown, i) for i in chosen],
        legends,
        "Error of the concentration: red where the chart has too little ice, blue too much; of the "
        "others: blue where the class is wrong. Uncertainty: bright where it is high.",
    )
    return [
        Section("Scenes", [pictures]),
        Section("Confusion", confusion(shown)),
        Section("Reliability", reliability(shown)),
    ]


def scene(shown: ReportInput, i: int) -> Scene:
    """Subsampled pictures of a scene."""
    case, fields = shown.pairs[i]
    here, context = native.window(case), case.context
    step = -(-max(here.height, here.width) // SIDE)
    shape = here.height, here.width
    uncertainty = downscale.enlarge(fields["uncertainty"], context.factor, shape)
    charts = native.charts(case, fields)
    rows = {}
    for k, chart in enumerate(CHARTS):
        true, pred = (x[::step, ::step] for x in (case.truth[chart][here.slices], charts[chart]))
        unsure = np.where(true == MASK, np.nan, uncertainty[::step, ::step, k])
        wrong = f"{(pred != true)[true != MASK].mean():.0%} wrong" if (true != MASK).any() else ""
        title = CHART_TITLES[chart]
        rows[title] = [
            Picture(
                "chart",
                f"{title} as predicted",
                coloured(chart, np.where(true == MASK, MASK, pred)),
            ),
            Picture("truth", f"{title} of the analysts", coloured(chart, true)),
            Picture(f"error, {wrong}", f"Error: {wrong}", error(chart, true, pred)),
            Picture(
                "uncertainty",
                "Uncertainty of the chart",
                encode.coloured(unsure, "uncertainty", NO_CHART),
            ),
        ]
    label = f"score {shown.values[i]:.1f}, {context.area}"
    return Scene(case.name, label, radar(case, step), rows)


def radar(case: Case, step: int) -> Picture:
    """The first SAR channel in grey from its 2nd to its 98th percentile."""
    here, source = native.window(case), case.context.scene
    valid = case.context.valid()[here.slices][::step, ::step]
    values = sar_scene.read_fine(source, SAR[:1], here)[::step, ::step, 0]
    low, high = np.percentile(values[valid], [2, 98]) if valid.any() else (0, 1)
    grey = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    image = encode.coloured(np.where(valid, grey, np.nan), "grey", NO_CHART)
    return Picture("SAR, HH", f"Radar image of {case.name}", image, photo=True)


def coloured(chart: str, classes: np.ndarray) -> np.ndarray:
    """A chart in the colours of its classes, grey where masked: (rows, columns, 3) uint8."""
    table = np.array([list(bytes.fromhex(c[1:])) for c in (*COLOURS[chart], NO_CHART)], np.uint8)
    return table[np.where(classes == MASK, len(table) - 1, classes)]


def error(chart: str, true: np.ndarray, pred: np.ndarray) -> np.ndarray:
    """Error of the concentration, or wrong classes of the other charts, as an image."""
    wrong = (pred.astype(float) - true) / 10 if chart == "SIC" else (pred != true) * 0.8
    return encode.coloured(np.where(true == MASK, np.nan, (wrong + 1) / 2), "change", NO_CHART)


def confusion(shown: ReportInput) -> list[Part]:
    """Confusion matrix of each chart, normalised by the true classes."""
    tables = (autoice.matrices(c.truth, native.charts(c, maps)) for c, maps in shown.pairs)
    total = autoice.pooled(tables)
    parts: list[Part] = []
    for chart, matrix in total.items():
        support = matrix.sum(axis=1, keepdims=True)
        fraction = np.where(support > 0, matrix / np.maximum(support, 1), np.nan)
        names = CLASSES[chart]
        text = "Rows: true class; columns: predicted class; all scenes pooled."
        title = f"{CHART_TITLES[chart]}: fraction of the true class"
        parts.append(Heat(title, names, names, fraction, 0, 1, "true \\ predicted", text))
    return parts


def reliability(shown: ReportInput) -> list[Part]:
    """Accuracy by class probability, and error rate by uncertainty."""
    middle = ((np.arange(BINS) + 0.5) / BINS).tolist()
    right, wrong = [], []
    for k, chart in enumerate(CHARTS):
        stated, unsure, hits = [], [], []
        for case, maps in shown.pairs:
            true = block_centres(case, chart, maps[chart].shape)
            known = true != MASK
            hits.append((maps[chart] == true)[known])
            unsure.append(maps["uncertainty"][..., k][known])
            probabilities = maps.get(f"{chart}_probabilities")
            if probabilities is not None:
                classes = maps[chart][..., None].astype(int)
                stated.append(np.take_along_axis(probabilities, classes, -1)[..., 0][known])
        hit = np.concatenate(hits)
        wrong.append(Series(chart, binned(np.concatenate(unsure), ~hit), "points"))
        if len(stated) == len(hits):  # reports keep no probabilities of large scenes
            right.append(Series(chart, binned(np.concatenate(stated), hit), "points"))
    parts: list[Part] = []
    if right:
        series = [*right, Series("perfect", middle, "dashes")]
        label = "probability of the predicted class, bins of 0.1"
        parts.append(Lines("Accuracy by probability", middle, series, label, "accuracy"))
    label = "uncertainty, bins of 0.1"
    return [*parts, Lines("Error rate by uncertainty", middle, wrong, label, "error rate")]


def block_centres(case: Case, chart: str, shape: tuple[int, int]) -> np.ndarray:
    """The true chart at the centre of each downscaled pixel, (H, W) of `shape`."""
    factor = case.context.factor
    true = case.truth[chart][native.window(case).slices]
    rows, columns = (
        np.minimum(np.arange(n) * factor + factor // 2, m - 1) for n, m in zip(shape, true.shape)
    )
    return true[np.ix_(rows, columns)]


def binned(values: np.ndarray, hits: np.ndarray) -> list[float]:
    """Fraction of hits among the values in each of ten bins of [0, 1], NaN without values."""
    which = np.clip((values * BINS).astype(int), 0, BINS - 1)
    count = np.bincount(which, minlength=BINS)
    with np.errstate(invalid="ignore"):
        return (np.bincount(which, hits, BINS) / count).tolist()
