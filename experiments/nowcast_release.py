"""What does the released model of the nowcast score on windows that it has not seen?

It learns from the western columns of the frames, the next ones choose its epoch, and the last ones,
which share no pixel with either, score it beside the baselines and by lead. Real data with
SEAICE_TF_DATA, synthetic without; about an hour on two cores.

Usage: python experiments/nowcast_release.py
"""

import shutil
from pathlib import Path

from seaice_tf.runs import artifact, evaluate, folder, train
from seaice_tf.settings import Training
from seaice_tf.tasks import TASKS
from seaice_tf.tasks.nowcast.settings import Settings
from seaice_tf.writers import atomic

RUNS = Path("saved_models/nowcast")
TASK = TASKS["nowcast"]
SHOWN = (1, 3, 6, 9, 12)  # leads
LIMITS = [
    "It learnt from two hours of one spring afternoon over the Atlantic and western Europe: expect",
    "less at other seasons, at dusk, and of leads beyond an hour, of which it saw no truth.",
]
RECIPE = Settings(
    windows=512,
    training=Training(epochs=30, batch_size=8, learning_rate=2e-3, average=0.99),
)


def main() -> None:
    path = RUNS / "candidate"
    if not (path / folder.MANIFEST).exists():
        train.train(TASK, RECIPE, path)
    options = TASK.options(by=("lead",))
    settings = folder.open_run(path, TASK)
    cases = TASK.cases(settings, options)
    result = evaluate.compare(TASK, cases, artifact.predictor(path), "released", options)
    evaluate.show(result, options.by)
    rows = {"**this model**": result["scores"], **result["baselines"]}
    leads = [lead for lead in SHOWN if f"lead_{lead:02d}/ms_ssim" in result["scores"]]
    text = ["| | " + " | ".join(f"+{5 * lead} min" for lead in leads) + " |"]
    text.append("|---" * (len(leads) + 1) + "|")
    for name, scores in rows.items():
        cells = " | ".join(f"{scores[f'lead_{lead:02d}/ms_ssim']:.3f}" for lead in leads)
        text.append(f"| {name} | {cells} |")
    with atomic.folder(RUNS / "released") as released:
        shutil.copytree(path, released, dirs_exist_ok=True, ignore=shutil.ignore_patterns("logs"))
        card = (path / "model_card.md").read_text()
        title, rest = card.split("\n", 1)
        parts = [title, "", *LIMITS, "", "MS-SSIM by lead:", "", *text, rest]
        (released / "model_card.md").write_text("\n".join(parts))
    print(f"released: {RUNS / 'released'}")


if __name__ == "__main__":
    main()
