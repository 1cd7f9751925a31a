"""Settings of the cloud masks."""

from dataclasses import dataclass, field
from typing import Literal

from seaice_tf.clouds.data.decisions import PLAIN, Decisions
from seaice_tf.errors import InputError
from seaice_tf.networks.encoders import KINDS
from seaice_tf.settings import Training


@dataclass(frozen=True)
class Settings:
    """Settings of the cloud masks."""

    data: str = ""
    """Folder of the contest "Understanding Clouds from Satellite Images": train.csv and
    train_images/; to predict, test_images/ or images alone. Empty: $SEAICE_TF_DATA/clouds, and
    without that variable synthetic images."""
    folds: int = 5
    """Parts that the labelled images are dealt into, alike in their classes."""
    fold_seed: int = 0
    validation_fold: int = 0
    """Fold that chooses the epoch and the decisions."""
    test_fold: int = 1
    """Fold that is only scored; the validation fold: none is kept apart."""
    rows: int = 256
    """Size that images are brought to."""
    columns: int = 384
    network: Literal["unet", "texture"] = "unet"
    """A U-Net, or a ridge on the texture that the early layers of a frozen encoder see."""
    # Its names are those of the table of encoders.
    encoder: Literal[tuple(KINDS)] = "small"  # type: ignore[valid-type]
    """Network that sees the photo, before what turns its features into masks."""
    weights: str = ""
    """Weights that the encoder starts from: imagenet or a file; empty: random ones."""
    scales: tuple[int, ...] = (3, 5)
    """texture: sizes at which photos are looked at, in 64 x 96 pixels."""
    penalty: float = 0.03
    """texture: of the squared weights."""
    frozen: bool = False
    """unet: leave the encoder as it is."""
    decoder_filters: tuple[int, ...] = (32, 48, 64)
    """unet: width at the last strides, the finest first: three end at stride 4, five at 1."""
    loss: Literal["binary_crossentropy", "focal", "dice", "bce_dice"] = "bce_dice"
    """unet: of the masks."""
    chance_weight: float = 0.25
    """Weight of the loss of the classifier that tells which classes an image holds."""
    flips: bool = True
    """unet: mirror training images at random, along both axes."""
    zoom: float = 0.2
    """unet: cut training images down by up to this share of their sides, at a random place."""
    brightness: float = 0.1
    """unet: change brightness and contrast of training images by up to this share."""
    mirrored: Literal[1, 2, 4] = 1
    """Mirror images that a prediction is the mean of."""
    choose: Literal["per_class", "shared", "nothing"] = "per_class"
    """Decisions to choose on the validation fold, for each class or for all; nothing: as given."""
    decisions: Decisions = PLAIN

    training: Training = field(
        default_factory=lambda: Training(epochs=12, batch_size=8, average=0.99)
    )

    def __post_init__(self):
        if self.folds < 2:
            raise InputError(f"folds: expected at least 2, got {self.folds}")
        for name in ("validation_fold", "test_fold"):
            if not 0 <= getattr(self, name) < self.folds:
                raise InputError(
                    f"{name}: expected 0 to {self.folds - 1}, got {getattr(self, name)}"
                )
        if min(self.rows, self.columns) < 32:
            raise InputError(
                f"settings: expected at least 32 rows and columns, got {self.rows} x {self.columns}"
            )
        if not 1 <= len(self.decoder_filters) <= 5 or min(self.decoder_filters) < 1:
            raise InputError(
                f"decoder_filters: expected one to five widths, got {self.decoder_filters}"
            )
        if not self.scales or min(self.scales) < 1 or self.penalty < 0:
            raise InputError("settings: expected scales of at least 1 and no negative penalty")
        if self.chance_weight < 0 or not min(self.zoom, self.brightness) >= 0:
            raise InputError("settings: expected no negative chance_weight, zoom or brightness")
        if max(self.zoom, self.brightness) >= 1:
            raise InputError("settings: expected zoom and brightness below 1")
