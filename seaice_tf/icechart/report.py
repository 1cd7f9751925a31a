"""What a report shows of ice charts: scenes by their error, confusion and reliability."""

import numpy as np

from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHART_TITLES, CHARTS, CLASSES, MASK, SAR
from seaice_tf.icechart.products.maps import COLOURS, NO_CHART
from seaice_tf.icechart.scores import autoice as scores
from seaice_tf.icechart.verification import native, window
from seaice_tf.report import encode
from seaice_tf.report.parts import Heat, Lines, Part, Section, Series
from seaice_tf.report.pictures import Picture, Scene, Scenes, spread
from seaice_tf.task import Case, ReportInput

SIDE = 240  # pixels of a picture at most
MOST = 16  # scenes
BINS = 10


def sections(shown: ReportInput) -> list[Section]:
    fits = shown.max_bytes // encode.size(scene(shown, 0))
    chosen = spread(shown.values, min(max(fits, 1), MOST))
    legends = {
        CHART_TITLES[chart]: {**dict(zip(CLASSES[chart], COLOURS[chart])), "no chart": NO_CHART}
        for chart in CHARTS
    }
    pictures = Scenes(
        "Scenes, from the lowest score to the highest",
        [scene(shown, i) for i in chosen],
        legends,
        "Error of the concentration: red where the chart has too little ice, blue too much; of the "
        "others: blue where the class is wrong. Uncertainty: bright where the chart is unsure.",
    )
    return [
        Section("Scenes", [pictures]),
        Section("Confusion", confusion(shown)),
        Section("Reliability", reliability(shown)),
    ]


def scene(shown: ReportInput, i: int) -> Scene:
    """The pictures of one scene, thinned."""
    case, fields = shown.pairs[i]
    here, context = window(case), case.context
    step = -(-max(here.height, here.width) // SIDE)
    doubts = downscale.enlarge(fields["uncertainty"], context.factor, (here.height, here.width))
    charts = native(case, fields)
    rows = {}
    for k, chart in enumerate(CHARTS):
        true, pred = (x[::step, ::step] for x in (case.truth[chart][here.slices], charts[chart]))
        doubt = np.where(true == MASK, np.nan, doubts[::step, ::step, k])
        wrong = f"{(pred != true)[true != MASK].mean():.0%} wrong" if (true != MASK).any() else ""
        title = CHART_TITLES[chart]
        rows[title] = [
            Picture(
                "chart", f"{title} as charted", painted(chart, np.where(true == MASK, MASK, pred))
            ),
            Picture("truth", f"{title} as analysts drew it", painted(chart, true)),
            Picture(f"error, {wrong}", f"Error: {wrong}", error(chart, true, pred)),
            Picture(
                "uncertainty",
                "Uncertainty of the chart",
                encode.coloured(doubt, "uncertainty", NO_CHART),
            ),
        ]
    label = f"score {shown.values[i]:.1f}, {context.area}"
    return Scene(case.name, label, radar(case, step), rows)


def radar(case: Case, step: int) -> Picture:
    """The first SAR channel in grey between its 2nd and 98th percentile."""
    here, source = window(case), case.context.scene
    seen = sar_scene.read_valid(source, here)[::step, ::step]
    values = sar_scene.read_fine(source, SAR[:1], here)[::step, ::step, 0]
    low, high = np.percentile(values[seen], [2, 98]) if seen.any() else (0, 1)
    grey = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    image = encode.coloured(np.where(seen, grey, np.nan), "grey", NO_CHART)
    return Picture("SAR, HH", f"Radar image of {case.name}", image, photo=True)


def painted(chart: str, classes: np.ndarray) -> np.ndarray:
    """A chart in the colours of its classes, grey where there is none: (rows, columns, 3) uint8."""
    table = np.array([list(bytes.fromhex(c[1:])) for c in (*COLOURS[chart], NO_CHART)], np.uint8)
    return table[np.where(classes == MASK, len(table) - 1, classes)]


def error(chart: str, true: np.ndarray, pred: np.ndarray) -> np.ndarray:
    """How far the concentration is off, or where the class is wrong, as an image."""
    far = (pred.astype(float) - true) / 10 if chart == "SIC" else (pred != true) * 0.8
    return encode.coloured(np.where(true == MASK, np.nan, (far + 1) / 2), "change", NO_CHART)


def confusion(shown: ReportInput) -> list[Part]:
    """A matrix for each chart: of the pixels of a true class, the share charted as each class."""
    tables = (scores.matrices(case.truth, native(case, maps)) for case, maps in shown.pairs)
    total = scores.pooled(tables)
    parts: list[Part] = []
    for chart, matrix in total.items():
        support = matrix.sum(axis=1, keepdims=True)
        share = np.where(support > 0, matrix / np.maximum(support, 1), np.nan)
        names, text = CLASSES[chart], "Rows: true class; columns: charted class; all scenes pooled."
        title = f"{CHART_TITLES[chart]}: share of the true class"
        parts.append(Heat(title, names, names, share, 0, 1, "true \\ charted", text))
    return parts


def reliability(shown: ReportInput) -> list[Part]:
    """How often charts are right by the probability they give, and wrong by their uncertainty."""
    middle = ((np.arange(BINS) + 0.5) / BINS).tolist()
    right, wrong = [], []
    for k, chart in enumerate(CHARTS):
        chances, doubts, hits = [], [], []
        for case, maps in shown.pairs:
            true = centres(case, chart, maps[chart].shape)
            known = true != MASK
            hits.append((maps[chart] == true)[known])
            doubts.append(maps["uncertainty"][..., k][known])
            odds = maps.get(f"{chart}_probabilities")
            if odds is not None:
                picked = np.take_along_axis(odds, maps[chart][..., None].astype(int), -1)[..., 0]
                chances.append(picked[known])
        hit = np.concatenate(hits)
        wrong.append(Series(chart, binned(np.concatenate(doubts), ~hit), "points"))
        if len(chances) == len(hits):  # large scenes keep no probabilities
            right.append(Series(chart, binned(np.concatenate(chances), hit), "points"))
    parts: list[Part] = []
    if right:
        series = [*right, Series("perfect", middle, "dashes")]
        told = "probability of the charted class, bins of a tenth"
        parts.append(Lines("Right by probability", middle, series, told, "share right"))
    told = "uncertainty, bins of a tenth"
    return [*parts, Lines("Wrong by uncertainty", middle, wrong, told, "share wrong")]


def centres(case: Case, chart: str, shape: tuple[int, int]) -> np.ndarray:
    """The true chart at the middle of each pixel that is charted: of `shape`."""
    factor = case.context.factor
    true = case.truth[chart][window(case).slices]
    rows, columns = (
        np.minimum(np.arange(n) * factor + factor // 2, m - 1) for n, m in zip(shape, true.shape)
    )
    return true[np.ix_(rows, columns)]


def binned(values: np.ndarray, hits: np.ndarray) -> list[float]:
    """Share of hits among the values in each tenth of 0 to 1, NaN where there is none."""
    which = np.clip((values * BINS).astype(int), 0, BINS - 1)
    count = np.bincount(which, minlength=BINS)
    with np.errstate(invalid="ignore"):
        return (np.bincount(which, hits, BINS) / count).tolist()
