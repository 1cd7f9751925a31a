"""Report sections: masks over photos with adjustable thresholds, and a reliability diagram."""

import numpy as np

from seaice_tf.clouds.data.labels import CLASSES
from seaice_tf.clouds.data.postprocessing import from_array
from seaice_tf.clouds.products.plots import COLOURS
from seaice_tf.clouds.verification import final_masks
from seaice_tf.report import encode
from seaice_tf.report.parts import Lines, Section, Series
from seaice_tf.report.pictures import Masks, Photo, Picture, packed, spread
from seaice_tf.task import Case, Maps, ReportInput

STEP = 2  # every second row and column of the scored grid
STEPS = 50  # of a probability, as many as the sliders have
SIDE = 525  # pixels of a photo at most
MOST = 12  # photos
BINS = 10  # of the class probabilities


def sections(shown: ReportInput) -> list[Section]:
    """Sections of the page of a run."""
    fits = shown.max_bytes // encode.size(photo(*shown.pairs[0]))
    chosen = spread(shown.values, min(max(fits, 1), MOST))
    decisions = from_array(shown.pairs[0][1]["decisions"])
    overlays = Masks(
        "Masks over photos, from the lowest Dice to the highest",
        {kind: COLOURS[kind] for kind in CLASSES},
        [photo(*shown.pairs[i]) for i in chosen],
        decisions.thresholds,
        decisions.gates,
        "Filled and outlined: predicted; dashed: labelled. The sliders set threshold and gate "
        "(smallest class probability) alone; the run also removes small components and fits "
        "shapes. Dice is that of every second pixel of 350 x 525.",
    )
    lines = [reliability(shown)] if len(shown.pairs) > 1 else []
    return [Section("Masks", [overlays]), *(Section("Reliability", [each]) for each in lines)]


def photo(case: Case, fields: Maps) -> Photo:
    """One photo with its predicted probabilities and labelled masks."""
    # Rounded down to whole steps of the sliders: their masks are those of the exact probabilities.
    probabilities = np.floor(fields["probabilities"][::STEP, ::STEP] * STEPS + 1e-6) / STEPS
    labels = [kind for i, kind in enumerate(CLASSES) if case.truth[..., i].any()]
    alt = f"Photo {case.name}, labelled {', '.join(labels) or 'as none of the classes'}"
    return Photo(
        case.name,
        Picture(case.name, alt, encode.shrunk(case.context.image(), SIDE), photo=True),
        packed(np.moveaxis(probabilities, -1, 0)),
        fields["class_probabilities"].tolist(),
        bits(case.truth[::STEP, ::STEP]),
        bits(final_masks(fields)[::STEP, ::STEP]),
    )


def bits(masks: np.ndarray) -> np.ndarray:
    """Masks (rows, columns, 4) bool as one byte per pixel, bit i for class i.

    >>> bits(np.array([[[True, False, True, False]]]))
    array([[5]], dtype=uint8)
    """
    return (masks * (1 << np.arange(masks.shape[-1]))).sum(axis=-1).astype(np.uint8)


def reliability(shown: ReportInput) -> Lines:
    """Reliability diagram: observed frequency of a class by its forecast probability."""
    forecast = np.array([fields["class_probabilities"] for _, fields in shown.pairs])
    present = np.array([case.truth.any(axis=(0, 1)) for case, _ in shown.pairs])
    bins = np.minimum((forecast * BINS).astype(int), BINS - 1)
    curves = []
    for i, kind in enumerate(CLASSES):
        observed = [present[bins[:, i] == step, i] for step in range(BINS)]
        means = [float(each.mean()) if each.size else np.nan for each in observed]
        curves.append(Series(kind, means, "points", colour=COLOURS[kind]))
    middle = ((np.arange(BINS) + 0.5) / BINS).tolist()
    return Lines(
        "Reliability of the class probabilities",
        middle,
        [*curves, Series("perfect", middle, "dashes")],
        "forecast probability that the photo contains the class, in bins of 0.1",
        "observed frequency",
        f"{len(shown.pairs)} photos: some bins contain few of them.",
    )
