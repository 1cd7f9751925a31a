"""The model card of a run."""

from typing import Any

from seaice_tf import settings as settings_file
from seaice_tf.task import Task

TEMPLATE = """# {task}: {run}

Trained by seaice_tf on: **{source}**.

| | {primary} ({direction} is better) |
|---|---|
{rows}

Scored on {n} cases of {scored}. Skill against {best_baseline}: {skill:+.1%}.{warning}

## What it takes and gives

{serving}

Load it without this package: `model = tensorflow.saved_model.load("saved_model")`, then
`model.serve(...)`. A SavedModel is a program: load only one whose origin you trust. seaice_tf loads
this one only if its SHA-256 is that of `manifest.json`, or with `--trust`.

## How it was made

Weights of epoch {kept_epoch} of {epochs}; seed {seed}; {seconds:.0f} s of training and a peak of
{peak_memory_mib} MiB on {machine}; code {git_revision}. Files, hashes and package versions are in
`manifest.json`. Settings:

```json
{served_by}```
"""


def card(task: Task, settings: Any, manifest: dict[str, Any], scores: dict[str, Any]) -> str:
    """Markdown with the scores beside all baselines, the interface and the origin."""
    primary = task.verification.primary
    entries = {"**this model**": scores["scores"], **scores["baselines"]}
    sign = 1 if task.verification.lower_is_better else -1
    ranked = sorted(entries.items(), key=lambda entry: sign * entry[1][primary])
    warning = "" if scores["skill"] > 0 else " **It does not beat its best baseline.**"
    return TEMPLATE.format(
        **manifest,
        **{key: scores[key] for key in ("run", "n", "best_baseline", "skill")},
        primary=primary,
        direction="lower" if task.verification.lower_is_better else "higher",
        rows="\n".join(f"| {name} | {values[primary]:.3f} |" for name, values in ranked),
        scored=scores["data"],
        warning=warning,
        serving=task.products.signature,
        served_by=settings_file.to_json(settings),
    )
