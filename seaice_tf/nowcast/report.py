"""Sections of a nowcast's report: truth and forecast side by side, and the scores by lead."""

import numpy as np

from seaice_tf.nowcast.data.layout import CENTRE, FRAMES_IN, FRAMES_OUT
from seaice_tf.nowcast.scores import frame_scores
from seaice_tf.report import encode
from seaice_tf.report.parts import Choice, Lines, Part, Section, Series, Style
from seaice_tf.report.pictures import Field, Frames, packed, spread
from seaice_tf.task import Case, Maps, ReportInput

MAX_ANIMATED = 9  # windows
COMPARED = 8  # windows in the curves; each takes a second by optical flow
BASELINES = 2  # in the curves, the best ones
COLOUR_RANGE = (1, 99)  # percentiles of the counts


def sections(shown: ReportInput) -> list[Section]:
    """Animated windows, from the lowest score to the highest, and MS-SSIM by lead."""
    fits = shown.max_bytes // encode.size(animation(shown.run, *shown.pairs[0]))
    chosen = spread(shown.values, min(max(fits, 1), MAX_ANIMATED))
    films: dict[str, list[Part]] = {
        f"{shown.values[i]:.3f}: {shown.pairs[i][0].name}": [animation(shown.run, *shown.pairs[i])]
        for i in chosen
    }
    first = next(iter(films.values()))
    parts: list[Part] = [Choice("Window, by its MS-SSIM", films)] if len(films) > 1 else first
    return [Section("Frames", parts), Section("Score by lead", [by_lead(shown)])]


def animation(run: str, case: Case, fields: Maps) -> Frames:
    """The past frames of a window, then truth beside forecast."""
    context = case.context
    past = context.past[:, CENTRE, CENTRE].astype(np.float32)
    truth = np.where(context.known[:, None, None], case.truth, np.nan)
    low, high = map(float, np.percentile(past, COLOUR_RANGE))
    high = max(high, low + 1)

    def field(name: str, later: np.ndarray) -> Field:
        values = packed(np.concatenate([past, later]), low, high)
        return Field(name, values, "grey", low, high)

    minutes = context.minutes * np.arange(1 - FRAMES_IN, FRAMES_OUT + 1)
    return Frames(
        f"{case.name}, forecast by {run}",
        [f"{minute:+d} min" for minute in minutes],
        [
            field("truth", truth),
            field("forecast", fields["frames"]),
            Field("forecast minus truth", None, "change", low - high, high - low, (1, 0)),
        ],
        unit="counts",
        missing="unknown",
        side_by_side=True,
        seconds=0.15,
        text="Up to +0 min both are the frames of the input.",
    )


def by_lead(shown: ReportInput) -> Lines:
    """Mean MS-SSIM of the run and of its best baselines by lead, over the same windows."""
    some = [shown.pairs[i] for i in sorted(spread(shown.values, COMPARED))]
    curves = {shown.run: [fields["frames"] for _, fields in some]}
    for name in list(shown.baselines)[:BASELINES]:
        curves[name] = [shown.baselines[name](case)["frames"] for case, _ in some]
    series = []
    for name, forecasts in curves.items():
        windows = [
            frame_scores.of_window(case.truth, frames, case.context.known)
            for (case, _), frames in zip(some, forecasts)
        ]
        style: Style = "line" if name == shown.run else "dashes"
        series.append(Series(name, frame_scores.by_lead(windows)["ms_ssim"].tolist(), style))
    minutes = (some[0][0].context.minutes * np.arange(1, FRAMES_OUT + 1)).tolist()
    text = f"Means of {len(some)} windows, from the lowest score to the highest."
    return Lines("MS-SSIM by lead", minutes, series, "minutes ahead", "MS-SSIM", text)
