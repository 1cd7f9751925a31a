"""What do ImageNet weights gain over random ones, and U-Nets over ridge regression on texture?

The texture network is scored on all photos by five-fold cross-validation, the U-Nets on one fold.
Real data with SEAICE_TF_DATA; existing runs of clouds_release.py are used; about half an hour on
two cores.

Usage: python experiments/clouds_pretraining.py
"""

from pathlib import Path

import clouds_release as release
from tensorflow import keras

from seaice_tf.clouds.settings import Texture, UNet
from seaice_tf.files import atomic
from seaice_tf.networks import weights
from seaice_tf.networks.encoders import encoder
from seaice_tf.runs import artifact
from seaice_tf.settings import Training

UNETS = {
    "unet-small": UNet(),
    "unet-lite0-random": UNet("efficientnet_lite0"),
    "unet-lite0-imagenet": UNet("efficientnet_lite0", "imagenet"),
}
TRAINING = Training(epochs=10, batch_size=8, average=0.99)


def random_weights() -> Path:
    """A file of randomly initialised encoder weights, the same for every fold."""
    path = release.RUNS / "random.npz"
    if not path.exists():
        keras.utils.set_random_seed(0)
        model = encoder("efficientnet_lite0", (None, None, 3))
        with atomic.file(path) as temporary:
            weights.save(temporary, model)
    return path


def main() -> None:
    print("| | Dice (95 %) | Fish | Flower | Gravel | Sugar |\n|---|---|---|---|---|---|")
    print("\n".join(release.out_of_fold("texture")))
    print(release.out_of_fold("texture-random", network=Texture(weights=str(random_weights())))[0])
    print("\n| fold 0 | Dice |\n|---|---|")
    for name, network in UNETS.items():
        path = release.run(
            name, network=network, rows=192, columns=288, test_fold=0, training=TRAINING
        )
        print(f"| {name} | {release.table(path, artifact.predictor(path)).mean():.3f} |")
    for name in ("texture-0", "texture-random-0"):
        path = release.RUNS / name
        print(f"| {name} | {release.table(path, artifact.predictor(path)).mean():.3f} |")


if __name__ == "__main__":
    main()
