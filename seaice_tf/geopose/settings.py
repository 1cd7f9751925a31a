"""Settings of heights and poses."""

from dataclasses import dataclass, field
from typing import Literal

from seaice_tf.errors import InputError
from seaice_tf.geopose.networks.unet import DECODER_FILTERS, FULL, LEAST, PoseFrom, ScaleBy
from seaice_tf.networks.encoders import KINDS
from seaice_tf.settings import Training

City = Literal["ARG", "ATL", "JAX", "OMA"]


@dataclass(frozen=True)
class Settings:
    """Settings of heights and poses."""

    data: str = ""
    """Folder of the Overhead Geopose Challenge: geopose_train.csv, metadata.csv and the files they
    name; to predict, geopose_test.csv. Empty: $SEAICE_TF_DATA/geopose if it holds such tables,
    else synthetic tiles."""
    shards: str = ""
    """Folder that `prepare` made of the tiles; training reads it instead of them."""
    target: str = ""
    """doctor: folder of the tiles that a submission, given as the data, has to hold."""
    cities: tuple[City, ...] = ("ARG", "ATL", "JAX", "OMA")
    """Train and score on these alone; with --transfer a run of all is tuned to one."""
    folds: int = 5
    """Parts that the labelled tiles are dealt into, each with as many of every city."""
    fold_seed: int = 0
    validation_fold: int = 0
    """Fold that chooses the epoch."""
    test_fold: int = 1
    """Fold that is only scored."""

    # Its names are those of the table of encoders.
    encoder: Literal[tuple(KINDS)] = "small"  # type: ignore[valid-type]
    """Network that sees the image, before what turns its features into heights."""
    weights: str = ""
    """Weights that the encoder starts from: imagenet or a file; empty: random ones."""
    decoder_filters: tuple[int, ...] = DECODER_FILTERS
    """Width at the last strides, the finest first: five end at stride 1, four at 2."""
    pose_from: PoseFrom = "both"
    """What scale and angle are told by: the bottleneck, or also what the decoder found."""
    scale_by: ScaleBy = "head"
    """Tell the scale by a head of its own, or fit a map of the flow's length to the heights."""
    loss: Literal["squared_error", "huber", "log_squared_error", "r2"] = "r2"
    """Of the heights; r2: the squared error over the variance of the city's heights, so that cities
    count alike, as in the contest's score."""
    height_weight: float = 2.0
    """Weights of the losses."""
    scale_weight: float = 50.0
    angle_weight: float = 50.0

    crop: int = 128
    """Pixels along a side of the crops that are trained on."""
    crops: int = 1024
    """Crops in an epoch; the tiles take turns."""
    augment: Literal["none", "turns", "heavy"] = "turns"
    """Vary crops not at all; by the eight flips and quarter turns; or also by rotation, zoom,
    stretched heights and colour."""
    tile: int = 1024
    """Pixels along a side of the tiles that larger images are predicted in."""
    overlap: int = 128
    """Pixels that neighbouring tiles share."""
    views: Literal["one", "all"] = "one"
    """Predict the mean of all eight flips and quarter turns."""

    training: Training = field(
        default_factory=lambda: Training(epochs=24, batch_size=8, learning_rate=2e-3, average=0.98)
    )

    def __post_init__(self):
        if not self.cities or len(set(self.cities)) < len(self.cities):
            raise InputError(f"cities: expected each once, got {self.cities or 'none'}")
        if self.folds < 2:
            raise InputError(f"folds: expected at least 2, got {self.folds}")
        for name in ("validation_fold", "test_fold"):
            if not 0 <= getattr(self, name) < self.folds:
                raise InputError(
                    f"{name}: expected 0 to {self.folds - 1}, got {getattr(self, name)}"
                )
        if not 1 <= len(self.decoder_filters) <= FULL or min(self.decoder_filters) < 1:
            raise InputError(
                f"decoder_filters: expected one to five widths, got {self.decoder_filters}"
            )
        if not min(self.height_weight, self.scale_weight, self.angle_weight) >= 0:
            raise InputError("settings: expected no negative weight of a loss")
        if min(self.crop, self.tile) < LEAST or self.crops < 1:
            raise InputError(
                f"settings: expected crop and tile of at least {LEAST} pixels and at least 1 crop, "
                f"got {self.crop}, {self.tile} and {self.crops}"
            )
        if not 0 <= self.overlap < self.tile:
            raise InputError(f"overlap: expected 0 to {self.tile - 1}, got {self.overlap}")
