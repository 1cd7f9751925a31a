"""How does the released forecast score on held-out years, from every month?

For one hemisphere the same settings are trained twice: to 2009, scored on all forecasts of 2010 to
2012 (the held-out test period), and to the end of the record, which is released. Needs
SEAICE_TF_DATA; about half an hour on two cores.

Usage: python experiments/forecast_release.py arctic|antarctic
"""

import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any, Literal

from dacon_entry import trained

from seaice_tf.files import atomic
from seaice_tf.forecast.settings import Distribution
from seaice_tf.runs import artifact, evaluate, folder
from seaice_tf.tasks import TASKS

TASK = TASKS["forecast"]
RUNS = Path("saved_models/forecast")
TRAIN_END, FIRST, LAST = "2009-12", "2010-01", "2012-12"
DATA = {"north": "nsidc0051", "south": "nsidc0051_south"}
HEMISPHERES: dict[str, Literal["north", "south"]] = {"arctic": "north", "antarctic": "south"}
# Chosen on 2001 to 2009 (experiments/README.md).
SOUTH: dict[str, Any] = {
    "longest_history_years": 20,
    "calibrate": True,
    "trend_weight": -0.1,
    "trend_log_odds": -1.0,
    "log_odds_offset": 0.0,
    "other_weight": 2.0,
}
REFERENCE = "damped_anomaly_persistence"
SHOWN = ("rmse", "iiee", "binary_accuracy", "brier", "crps", "sps", "extent_rmse")
LEADS = (1, 2, 3, 4, 6, 9, 12)
SUMMER = (5, 6, 7, 8)  # inits of the Sea Ice Outlook

LIMITS = [
    "## Limits",
    "",
    "It forecasts from concentration alone, of NASA Team (NSIDC-0051): the climate data record has",
    "more ice, and wants a network of its own. Skill varies more between blocks of years than",
    "between seeds. The probability is calibrated on the past, whose climate was another.",
]


def settings_to(name: str, train_end: str) -> Any:
    """Settings of a hemisphere; the last epoch is kept, so that no data select the epoch."""
    hemisphere = HEMISPHERES[name]
    other = DATA["south" if hemisphere == "north" else "north"]
    network = Distribution(other_hemisphere=f"$SEAICE_TF_DATA/{other}")
    if hemisphere == "south":
        network = dataclasses.replace(network, **SOUTH)
    settings = TASK.settings(hemisphere=hemisphere, network=network)
    training = dataclasses.replace(settings.training, keep="last")
    return dataclasses.replace(settings, train_end=train_end, training=training)


def score_table(result: dict) -> list[str]:
    """All predictors, the best RMSE first."""
    named = {"**this model**": result["scores"], **result["baselines"]}
    ranked = sorted(named.items(), key=lambda item: item[1]["rmse"])
    rows = [
        f"| {name} | " + " | ".join(f"{scores[key]:.3f}" for key in SHOWN) + " |"
        for name, scores in ranked
    ]
    return ["| | " + " | ".join(SHOWN) + " |", "|---" * (len(SHOWN) + 1) + "|", *rows]


def ratio_table(result: dict, groups: dict[str, str]) -> list[str]:
    """The model's scores over those of damped anomaly persistence, by groups of forecasts."""
    own, reference = result["scores"], result["baselines"][REFERENCE]
    rows = ["| | " + " | ".join(groups) + " |", "|---" * (len(groups) + 1) + "|"]
    for score in ("rmse", "iiee", "brier", "crps"):
        cells = [f"{own[p + score] / reference[p + score]:.3f}" for p in groups.values()]
        rows.append(f"| {score} | " + " | ".join(cells) + " |")
    return rows


def ratio_intervals(result: dict) -> str:
    """Intervals of 95 % of the ratios, by a bootstrap over the years of the inits."""
    found = result["intervals"]["ratios"][REFERENCE]
    return ", ".join(f"{score} {low:.3f} to {high:.3f}" for score, (_, low, high) in found.items())


def not_better(result: dict) -> str:
    """Baselines that are better in RMSE or IIEE at a lead."""
    found = [
        f"{name} in {score} at lead {lead}"
        for name, scores in result["baselines"].items()
        for score in ("rmse", "iiee")
        for lead in range(1, 13)
        if scores[f"lead_{lead:02}/{score}"] < result["scores"][f"lead_{lead:02}/{score}"]
    ]
    return "; ".join(found) or "none"


def held_out(name: str) -> tuple[dict, list[str]]:
    """Scores of the held-out test period, and their text for the card."""
    run = trained(RUNS / f"{name}-to-{TRAIN_END}", settings_to(name, TRAIN_END))
    settings = folder.open_run(run, TASK)
    options = TASK.verification.options(
        FIRST, LAST, ("lead", "init", "reliability"), init_frequency="monthly"
    )
    result = compared(run, settings, options)
    leads = {"all": ""} | {f"lead {lead}": f"lead_{lead:02}/" for lead in LEADS}
    text = [
        f"All forecasts from every month whose targets lie in {FIRST} to {LAST}, trained to",
        f"{TRAIN_END} (`experiments/forecast_release.py {name}`, seed 0). RMSE, MAE and CRPS in %,",
        "IIEE, SPS and extent in million km2; cells by their true areas, where there has been ice.",
        *("", *score_table(result), "", f"Ratios to {REFERENCE}:", ""),
        *ratio_table(result, leads),
        *("", f"95 % by a bootstrap over the years of the inits: {ratio_intervals(result)}.", ""),
        f"Baselines that are better: {not_better(result)}.",
    ]
    if HEMISPHERES[name] == "north":
        inits = {f"end of month {m}": f"init_{m:02}_month_09/" for m in SUMMER}
        text += ["", f"Septembers, ratios to {REFERENCE}:", "", *ratio_table(result, inits)]
        yearly = compared(run, settings, TASK.verification.options(FIRST, LAST))
        text += ["", "Dacon score of the forecasts from Decembers:", ""]
        rows = {"**this model**": yearly["scores"], **yearly["baselines"]}
        text += ["| | contest_score |", "|---|---|"]
        ranked = sorted(rows.items(), key=lambda row: row[1]["contest_score"])
        text += [f"| {label} | {scores['contest_score']:.3f} |" for label, scores in ranked]
    return result, text


def compared(run: Path, settings: Any, options: Any) -> dict:
    cases = TASK.data.cases(settings, options)
    return evaluate.compare(TASK, cases, artifact.predictor(run), run.name, options)


def rounded(result: dict) -> dict:
    """Five decimals of each score: half the size of the file."""
    return json.loads(json.dumps(result), parse_float=lambda text: round(float(text), 5))


def main(name: str) -> None:
    scores, table = held_out(name)
    text = ["", "## On held-out years", "", *table]
    print("\n".join(text))
    run = trained(RUNS / "candidate" / name, settings_to(name, LAST))
    title, rest = (run / "model_card.md").read_text().split("\n", 1)
    with atomic.folder(RUNS / name) as released:
        shutil.copytree(run, released, dirs_exist_ok=True, ignore=shutil.ignore_patterns("logs"))
        card = [title, *text, "", *LIMITS, "", "## In sample", rest]
        (released / "model_card.md").write_text("\n".join(card))
        folder.write_json(released / folder.HELD_OUT, rounded(scores))
    print(f"released: {RUNS / name}")


if __name__ == "__main__":
    main(sys.argv[1])
