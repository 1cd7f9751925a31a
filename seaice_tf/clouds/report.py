"""What a report shows of cloud masks: overlays whose thresholds can be moved, and reliability."""

import numpy as np

from seaice_tf.clouds.data.classes import CLASSES
from seaice_tf.clouds.data.decisions import from_table
from seaice_tf.clouds.products.maps import COLOURS
from seaice_tf.clouds.verification import final_masks
from seaice_tf.report import encode
from seaice_tf.report.parts import Lines, Section, Series
from seaice_tf.report.pictures import Masks, Photo, Picture, packed, spread
from seaice_tf.task import Case, Maps, ReportInput

STEP = 2  # every second row and column of the contest's grid
STEPS = 50  # of a probability, as many as the sliders have
SIDE = 525  # pixels of a photo at most
MOST = 12  # photos
BINS = 10  # of the chances


def sections(shown: ReportInput) -> list[Section]:
    fits = shown.max_bytes // encode.size(photo(*shown.pairs[0]))
    chosen = spread(shown.values, min(max(fits, 1), MOST))
    decisions = from_table(shown.pairs[0][1]["decisions"])
    overlays = Masks(
        "Masks over photos, from the lowest Dice to the highest",
        {kind: COLOURS[kind] for kind in CLASSES},
        [photo(*shown.pairs[i]) for i in chosen],
        decisions.thresholds,
        decisions.gates,
        "Filled and outlined: predicted; dashed: labelled. The sliders decide by threshold and "
        "gate alone; as the run decides, small parts are dropped and shapes fitted too. Dice is "
        "that of every second pixel of 350 x 525.",
    )
    told = [reliability(shown)] if len(shown.pairs) > 1 else []
    return [Section("Masks", [overlays]), *(Section("Reliability", [each]) for each in told)]


def photo(case: Case, fields: Maps) -> Photo:
    """One photo with what its network sees and what people labelled."""
    # Whole steps of the sliders: a mask cut from them is that of the probabilities themselves.
    seen = np.floor(fields["probabilities"][::STEP, ::STEP] * STEPS + 1e-6) / STEPS
    labels = [kind for i, kind in enumerate(CLASSES) if case.truth[..., i].any()]
    alt = f"Photo {case.name}, labelled {', '.join(labels) or 'as none of the classes'}"
    return Photo(
        case.name,
        Picture(case.name, alt, encode.shrunk(case.context.image(), SIDE), photo=True),
        packed(np.moveaxis(seen, -1, 0)),
        fields["chances"].tolist(),
        bits(case.truth[::STEP, ::STEP]),
        bits(final_masks(fields)[::STEP, ::STEP]),
    )


def bits(masks: np.ndarray) -> np.ndarray:
    """Masks (rows, columns, 4) bool as one byte a pixel, bit i for class i.

    >>> bits(np.array([[[True, False, True, False]]]))
    array([[5]], dtype=uint8)
    """
    return (masks * (1 << np.arange(masks.shape[-1]))).sum(axis=-1).astype(np.uint8)


def reliability(shown: ReportInput) -> Lines:
    """How often a class was there, by the chance that the photo was given to hold it."""
    chances = np.array([fields["chances"] for _, fields in shown.pairs])
    there = np.array([case.truth.any(axis=(0, 1)) for case, _ in shown.pairs])
    which = np.minimum((chances * BINS).astype(int), BINS - 1)
    curves = []
    for i, kind in enumerate(CLASSES):
        held = [there[which[:, i] == step, i] for step in range(BINS)]
        curves.append(Series(kind, [float(h.mean()) if h.size else np.nan for h in held], "points"))
    middle = ((np.arange(BINS) + 0.5) / BINS).tolist()
    return Lines(
        "How often a class is there, by its chance",
        middle,
        [*curves, Series("perfect", middle, "dashes")],
        "chance of the photo to hold the class, bins of a tenth",
        "share of photos that do",
        f"{len(shown.pairs)} photos: a bin may hold few of them.",
    )
