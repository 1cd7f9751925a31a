"""Settings of heights and poses."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from seaice_tf.errors import InputError
from seaice_tf.geopose.choices import (
    DECODER_FILTERS,
    FULL_RESOLUTION,
    SMALLEST_SIDE,
    HeightLoss,
    PoseFrom,
    ScaleBy,
)
from seaice_tf.geopose.data.augment import AUGMENTATIONS
from seaice_tf.geopose.data.pose import CITIES
from seaice_tf.networks.encoder_names import Encoder
from seaice_tf.settings import Checked, Training


# Choices without a name are the keys of the tables that implement them.
@dataclass(frozen=True)
class Settings(Checked):
    """Settings of heights and poses."""

    ALIASES: ClassVar[dict[str, tuple[str, dict[Any, Any]] | None]] = {
        "augment": ("augment", {"turns": "dihedral"}),
        "target": None,
        "tile": None,
        "overlap": None,
        "views": None,
    }

    data: str = ""
    """Folder of the Overhead Geopose Challenge: geopose_train.csv, metadata.csv and the files they
    list; to predict, geopose_test.csv. Empty: $SEAICE_TF_DATA/geopose if it contains such tables,
    else synthetic tiles."""
    shards: str = ""
    """Folder of shards written by `prepare`, to train on instead of the tiles."""
    cities: tuple[Literal[CITIES], ...] = CITIES  # type: ignore[valid-type]
    """Cities to train and score on; with --transfer a run on all is fine-tuned to one."""
    folds: int = 5
    """Number of folds of the labelled tiles, stratified by city."""
    fold_seed: int = 0
    """Seed of the folds."""
    validation_fold: int = 0
    """Fold that selects the epoch."""
    test_fold: int = 1
    """Held-out test fold."""

    encoder: Encoder = "small"
    """Encoder of the image."""
    weights: str = ""
    """Initial weights of the encoder: imagenet or a file; empty for random ones."""
    decoder_filters: tuple[int, ...] = DECODER_FILTERS
    """Filters of the decoder, finest level first: five end at stride 1, four at stride 2."""
    pose_from: PoseFrom = "both"
    """Predict scale and angle from the bottleneck alone, or also from features of the decoder."""
    scale_by: ScaleBy = "head"
    """Predict the scale by a head, or fit it to a map of the flow's magnitude."""
    loss: HeightLoss = "r2"
    """Loss of the heights; r2: squared error over the variance of the city's heights, so that
    cities have equal weight, as in the challenge's score."""
    height_weight: float = 2.0
    """Weight of the loss of the heights."""
    scale_weight: float = 50.0
    """Weight of the loss of the scale."""
    angle_weight: float = 50.0
    """Weight of the loss of the angle."""

    crop: int = 128
    """Pixels along a side of the training crops."""
    crops: int = 1024
    """Crops per epoch, from the tiles in turn."""
    augment: Literal[tuple(AUGMENTATIONS)] = "dihedral"  # type: ignore[valid-type]
    """Augmentation of the crops: none; dihedral: the eight symmetries of the square; heavy: also
    rotation, zoom, stretched heights and colour."""

    training: Training = field(
        default_factory=lambda: Training(epochs=24, batch_size=8, learning_rate=2e-3, average=0.98)
    )

    def __post_init__(self):
        super().__post_init__()
        if not self.cities or len(set(self.cities)) < len(self.cities):
            raise InputError(f"cities: expected each once, got {self.cities or 'none'}")
        if self.folds < 2:
            raise InputError(f"folds: expected at least 2, got {self.folds}")
        for name in ("validation_fold", "test_fold"):
            if not 0 <= getattr(self, name) < self.folds:
                raise InputError(
                    f"{name}: expected 0 to {self.folds - 1}, got {getattr(self, name)}"
                )
        if not 1 <= len(self.decoder_filters) <= FULL_RESOLUTION or min(self.decoder_filters) < 1:
            raise InputError(
                f"decoder_filters: expected one to five widths, got {self.decoder_filters}"
            )
        if not min(self.height_weight, self.scale_weight, self.angle_weight) >= 0:
            raise InputError("settings: expected no negative weight of a loss")
        if self.crop < SMALLEST_SIDE or self.crops < 1:
            raise InputError(
                f"settings: expected a crop of at least {SMALLEST_SIDE} pixels and at least 1 "
                f"crop, got {self.crop} and {self.crops}"
            )
