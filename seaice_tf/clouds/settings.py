"""Settings of the cloud masks, and those of their networks."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from seaice_tf.clouds.choices import TTA, Loss
from seaice_tf.clouds.data.postprocessing import DEFAULT, Decisions
from seaice_tf.errors import InputError
from seaice_tf.networks.encoder_names import Encoder
from seaice_tf.settings import Checked, Training


@dataclass(frozen=True)
class UNet(Checked):
    """A U-Net over an encoder."""

    name: ClassVar[str] = "unet"

    encoder: Encoder = "small"
    """Encoder of the photos."""
    weights: str = ""
    """Initial weights of the encoder: imagenet or a file; empty for random ones."""
    frozen: bool = False
    """Do not train the encoder."""
    decoder_filters: tuple[int, ...] = (32, 48, 64)
    """Filters of the decoder, finest level first: three end at stride 4, five at stride 1."""
    loss: Loss = "bce_dice"
    """Loss of the masks."""
    flips: bool = True
    """Flip training images at random along both axes."""
    zoom: float = 0.2
    """Crop training images at random by up to this fraction of their sides."""
    brightness_jitter: float = 0.1
    """Change brightness and contrast of training images at random by up to this fraction."""

    def __post_init__(self):
        super().__post_init__()
        if not 1 <= len(self.decoder_filters) <= 5 or min(self.decoder_filters) < 1:
            raise InputError(
                f"decoder_filters: expected one to five widths, got {self.decoder_filters}"
            )
        for name in ("zoom", "brightness_jitter"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(
                    f"{name}: expected at least 0 and below 1, got {getattr(self, name)}"
                )


@dataclass(frozen=True)
class Texture(Checked):
    """Logistic ridge regression on the early features of a frozen, pretrained encoder."""

    name: ClassVar[str] = "texture"

    encoder: Encoder = "efficientnet_lite0"
    """Encoder of the photos."""
    weights: str = "imagenet"
    """Weights of the encoder: imagenet or a file."""
    scales: tuple[int, ...] = (3, 5)
    """Image sizes at which features are computed, in multiples of 64 x 96 pixels."""
    penalty: float = 0.03
    """L2 penalty of the weights."""

    def __post_init__(self):
        super().__post_init__()
        if not self.weights:
            raise InputError(
                "weights: expected pretrained weights for texture, got none; give --weights "
                "imagenet with --encoder efficientnet_lite0, or a file"
            )
        if not self.scales or min(self.scales) < 1:
            raise InputError(f"scales: expected scales of at least 1, got {self.scales}")
        if not self.penalty >= 0:
            raise InputError(f"penalty: expected at least 0, got {self.penalty}")


@dataclass(frozen=True)
class Settings(Checked):
    """Settings of the cloud masks."""

    ALIASES: ClassVar[dict[str, tuple[str, dict[Any, Any]] | None]] = {
        "chance_weight": ("class_loss_weight", {}),
        "brightness": ("brightness_jitter", {}),
        "mirrored": ("tta", {1: "none", 2: "horizontal_flip", 4: "flips"}),
        "choose": ("choose", {"nothing": "none"}),
    }

    data: str = ""
    """Folder of the competition "Understanding Clouds from Satellite Images": train.csv and
    train_images/; to predict, test_images/ or images alone. Empty: $SEAICE_TF_DATA/clouds, or
    synthetic images if that variable is not set."""
    folds: int = 5
    """Number of folds of the labelled images, stratified by class."""
    fold_seed: int = 0
    """Seed of the folds."""
    validation_fold: int = 0
    """Fold that selects the epoch and the decisions."""
    test_fold: int = 1
    """Held-out test fold; the same as the validation fold to have none."""
    rows: int = 256
    """Rows that images are resized to."""
    columns: int = 384
    """Columns that images are resized to."""
    class_loss_weight: float = 0.25
    """Weight of the loss of the class probabilities of an image."""
    tta: Literal[tuple(TTA)] = "none"  # type: ignore[valid-type]
    """Test-time augmentation: average the predictions of flipped copies of an image."""
    choose: Literal["per_class", "shared", "none"] = "per_class"
    """Choose the decisions on the validation fold, for each class or the same for all; none: use
    those given."""
    decisions: Decisions = DEFAULT
    """Post-processing of probabilities to masks, with --choose none."""
    network: UNet | Texture = field(default_factory=UNet)
    """The network."""
    training: Training = field(
        default_factory=lambda: Training(epochs=12, batch_size=8, average=0.99)
    )

    def __post_init__(self):
        super().__post_init__()
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
        if not self.class_loss_weight >= 0:
            raise InputError(
                f"class_loss_weight: expected at least 0, got {self.class_loss_weight}"
            )
