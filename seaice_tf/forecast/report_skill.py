"""Sections of the report from the scores of forecasts of every month: skill, and reliability."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from seaice_tf.forecast.settings import LEADS
from seaice_tf.report.parts import Choice, Heat, Lines, Part, Section, Series

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SCORES = {  # name -> title and unit
    "iiee": ("Integrated ice-edge error", "million km²"),
    "rmse": ("RMSE of concentration", "%"),
    "brier": ("Brier score of ice at 15 %", "0 to 1"),
    "crps": ("CRPS of concentration", "%"),
}
COLOURS_TO = 0.5  # gain at which the colours end
CURVES = 4  # baselines by lead, the best ones
BINS = tuple(range(0, 100, 10))  # of the probability, %


def sections(scores: Mapping[str, Any]) -> list[Section]:
    """Skill by lead and target month, and the reliability of the probability, where there are any.

    Args:
        scores: of forecasts from every month, as `evaluate` returns them.
    """
    return [
        Section(title, parts)
        for title, parts in (
            ("Skill by lead and target month", skill(scores)),
            ("Reliability", reliability(scores["scores"])),
        )
        if parts
    ]


def skill(scores: Mapping[str, Any]) -> list[Part]:
    """For each score the gain over the best baseline, and the curves of all by lead."""
    options: dict[str, list[Part]] = {}
    for name, (title, unit) in SCORES.items():
        if f"lead_01/{name}" not in scores["scores"]:
            continue
        ranked = sorted(scores["baselines"], key=lambda each: scores["baselines"][each][name])
        parts: list[Part] = [by_lead(scores, name, unit, ranked[:CURVES])]
        gains = by_lead_and_month(scores["scores"], scores["baselines"][ranked[0]], name)
        if np.isfinite(gains).any():
            text = (
                f"1 - the score over that of {ranked[0]}, the best baseline over all: positive is "
                "better. Rows are the months between the last one observed and the target."
            )
            parts.insert(
                0,
                Heat(
                    f"Gain in {name} over {ranked[0]}",
                    [f"lead {lead}" for lead in range(1, LEADS + 1)],
                    MONTHS,
                    gains,
                    -COLOURS_TO,
                    COLOURS_TO,
                    "target month",
                    text,
                    "change",
                ),
            )
        options[title] = parts
    return [Choice("Score", options)] if options else []


def by_lead_and_month(
    own: Mapping[str, float], other: Mapping[str, float], name: str
) -> np.ndarray:
    """Gain over another forecast: (leads, target months), NaN where there is no score."""
    gains = np.full((LEADS, LEADS), np.nan)
    for lead in range(1, LEADS + 1):
        for target in range(1, LEADS + 1):
            init = (target - lead - 1) % LEADS + 1
            key = f"init_{init:02}_month_{target:02}/{name}"
            if other.get(key):
                gains[lead - 1, target - 1] = 1 - own[key] / other[key]
    return gains


def by_lead(scores: Mapping[str, Any], name: str, unit: str, baselines: list[str]) -> Lines:
    """A score by lead of the run and of baselines."""
    curves = {scores["run"]: scores["scores"]} | {b: scores["baselines"][b] for b in baselines}
    leads = range(1, LEADS + 1)
    series = [
        Series(
            label,
            [values.get(f"lead_{lead:02}/{name}", np.nan) for lead in leads],
            "line" if values is scores["scores"] else "dashes",
        )
        for label, values in curves.items()
    ]
    return Lines(f"{name} by lead", list(leads), series, "lead, months", unit)


def reliability(scores: Mapping[str, float]) -> list[Part]:
    """Observed frequency of ice against the probability that was forecast."""
    keys = [f"reliability_{low:02}" for low in BINS if f"reliability_{low:02}/cells" in scores]
    known = [key for key in keys if scores[f"{key}/cells"] > 0]
    if not known:
        return []
    forecast = [scores[f"{key}/forecast"] for key in known]
    observed = [scores[f"{key}/observed"] for key in known]
    series = [Series("observed", observed, "points"), Series("perfect", forecast, "dashes")]
    text = "Bins of 0.1 of the probability of at least 15 % ice, over the cells that can hold ice."
    axes = ("mean probability forecast", "observed frequency")
    return [Lines("Reliability of the probability of ice", forecast, series, *axes, text)]
