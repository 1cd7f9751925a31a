"""How does the released forecast score on held-out years?

Trains the same settings three times: to 2006 (scored on 2007-2009, the development period), to 2009
(scored on 2010-2012, the held-out test period), and to the end of the record, which is released.
Needs SEAICE_TF_DATA; about ten minutes on two cores, and another ten for the pixel kNN beside it.

Usage: python experiments/forecast_release.py
"""

import dataclasses
import shutil
from pathlib import Path

from dacon_entry import trained

from seaice_tf.files import atomic
from seaice_tf.runs import artifact, evaluate
from seaice_tf.tasks import TASKS

TASK = TASKS["forecast"]
RUNS = Path("saved_models/forecast")
BACKTESTS = (("2006-12", "2007-01", "2009-12"), ("2009-12", "2010-01", "2012-12"))
SHOWN = ("contest_score", "contest_mae", "contest_f1", "iiee", "rmse")
LAST = "2012-12"
INTRODUCTION = "The same settings, trained on earlier years (`experiments/forecast_release.py`)."

LIMITS = [
    "## Limits",
    "",
    "It forecasts calendar years of the northern grid, from ten years that end with a December.",
    "There are some twenty years of training data: its skill varies more between blocks of years",
    "than between seeds. Networks of whole maps, indices of the whole Arctic, undamped trends and",
    "boosted trees have larger errors; `experiments/README.md` lists what was tried.",
]


def settings_to(train_end: str):
    """Settings of all runs; the last epoch is kept, so that no data select the epoch."""
    settings = TASK.settings()
    training = dataclasses.replace(settings.training, keep="last")
    return dataclasses.replace(settings, train_end=train_end, training=training)


def rows(result: dict) -> list[str]:
    named = {"**this model**": result["scores"], **result["baselines"]}
    ranked = sorted(named.items(), key=lambda item: item[1][TASK.verification.primary])
    return [
        f"| {name} | " + " | ".join(f"{scores[key]:.3f}" for key in SHOWN) + " |"
        for name, scores in ranked
    ]


def main() -> None:
    text = ["", "## On held-out years", "", INTRODUCTION]
    for train_end, first, last in BACKTESTS:
        run = trained(RUNS / f"to-{train_end}", settings_to(train_end))
        options = TASK.verification.options(first, last)
        cases = TASK.data.cases(settings_to(train_end), options)
        result = evaluate.compare(
            TASK, cases, artifact.predictor(run), run.name, options, slow=True
        )
        text += ["", f"Trained to {train_end}, scored {first} to {last}:", ""]
        text += ["| | " + " | ".join(SHOWN) + " |", "|---" * (len(SHOWN) + 1) + "|", *rows(result)]
        best, skill = result["best_baseline"], result["skill"]
        text += ["", f"Against the best baseline, {best}: {skill:+.1%}."]
    print("\n".join(text))
    run = trained(RUNS / "candidate" / "released", settings_to(LAST))
    title, rest = (run / "model_card.md").read_text().split("\n", 1)
    with atomic.folder(RUNS / "released") as released:
        shutil.copytree(run, released, dirs_exist_ok=True, ignore=shutil.ignore_patterns("logs"))
        card = [title, *text, "", *LIMITS, "", "## In sample", rest]
        (released / "model_card.md").write_text("\n".join(card))
    print(f"released: {RUNS / 'released'}")


if __name__ == "__main__":
    main()
