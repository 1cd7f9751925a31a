"""Do masks and scores hang on how a photo is stored?

Each photo is predicted as PNG and as JPEG of two qualities, made of the same pixels, by the run of
clouds_release.py that did not train on it; runs that are missing are trained. Real data with
SEAICE_TF_DATA, synthetic without; ten minutes on two cores once the runs are there.

Usage: python experiments/clouds_reencoding.py
"""

import dataclasses
import io

import clouds_release as release
import numpy as np
from PIL import Image

from seaice_tf.clouds.products.choices import choices
from seaice_tf.clouds.scores import dice
from seaice_tf.clouds.verification import final_masks
from seaice_tf.runs import artifact, folder

STORED = {"PNG": {}, "JPEG 95": {"quality": 95}, "JPEG 75": {"quality": 75}}


def encoded(pixels: np.ndarray, name: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, name.split()[0], **STORED[name])
    return stream.getvalue()


def main() -> None:
    values: dict[str, list] = {name: [] for name in STORED}
    changed, close = dict.fromkeys(STORED, 0), dict.fromkeys(STORED, 0)
    for fold in range(release.RECIPE.folds):
        path = release.run(f"texture-{fold}", validation_fold=fold, test_fold=fold)
        predict = artifact.predictor(path)
        for case in release.TASK.data.cases(folder.open_run(path, release.TASK)):
            pixels = case.context.image()
            first, unsure = None, None
            for name in STORED:
                maps = predict(dataclasses.replace(case, inputs=encoded(pixels, name)))
                masks = final_masks(maps)
                present = masks.any(axis=(0, 1))
                if first is None:
                    found = choices(maps["probabilities"], maps["class_probabilities"], masks)
                    first, unsure = present, np.array([not each.sure for each in found])
                values[name].append(dice.dice(case.truth, masks))
                changed[name] += int((present != first).sum())
                close[name] += int(((present != first) & unsure).sum())
    print("| stored as | Dice | masks that come or go | of these close |\n|---|---|---|---|")
    for name, rows in values.items():
        number = np.size(rows)
        print(f"| {name} | {np.mean(rows):.4f} | {changed[name]} of {number} | {close[name]} |")


if __name__ == "__main__":
    main()
