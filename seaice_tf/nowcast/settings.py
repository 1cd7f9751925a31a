"""Settings of the nowcast: of all its networks, and of each network."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.networks.encoder_names import Encoder
from seaice_tf.nowcast.choices import Blur, FlowSource, ResidualTo, Tta
from seaice_tf.nowcast.data.layout import FRAMES, FRAMES_IN, FRAMES_OUT, MARGIN
from seaice_tf.settings import Checked, Training


@dataclass(frozen=True)
class PerLeadUNet:
    """A U-Net that blends the forecasts of several flows for a lead and corrects them."""

    name: ClassVar[str] = "per_lead_unet"
    # Older files have the filters of flow_unet and conv_lstm beside those of this network.
    ALIASES: ClassVar[dict] = {"lead_filters": ("filters", {}), "filters": None}

    filters: tuple[int, ...] = (12, 24, 32)
    """Width per level, the finest first."""
    trained_leads: int = 12
    """Leads that it trains on, from the first; it forecasts all 24."""
    margin: int = 16
    """Pixels around the centre in its input."""
    detail_damping: float = 0.3
    """Fraction by which detail of the exported forecast is damped at an hour and beyond; less
    before, in proportion."""

    def __post_init__(self):
        _require_widths("filters", self.filters)
        _require_range("detail_damping", self.detail_damping, 0, 1)
        _require_range("trained_leads", self.trained_leads, 1, FRAMES_OUT)
        _require_range("margin", self.margin, 0, MARGIN)


@dataclass(frozen=True)
class FlowUNet(Checked):
    """One U-Net for all leads, on recent frames, their flow and its forecast."""

    name: ClassVar[str] = "flow_unet"
    ALIASES: ClassVar[dict] = {"filters": ("filters", {}), "flow": ("flow_source", {})}

    filters: tuple[int, ...] = (32, 48, 64, 96)
    """Width per level, the finest first."""
    recent: int = 4
    """Number of frames in its input, ending with the last one."""
    margin: int = 16
    """Pixels around the centre in its input."""
    flow_source: FlowSource = "lucas_kanade"
    """Method of the flow; that of the Perceiver is trained with the network, and may start from a
    run of the network perceiver that --transfer names."""
    residual_to: ResidualTo = "advection"
    """Forecast that the output is added to: advection by the flow, persistence, or none."""
    blur: Blur = "forecast"
    """Gaussian blur, trained for each lead, of the forecast that the residual is added to, of the
    output, or none."""
    batch_statistics: bool = False
    """Normalise by the statistics of the batch in inference too; a forecast then depends on the
    other windows of its batch."""

    def __post_init__(self):
        super().__post_init__()
        _require_widths("filters", self.filters)
        _require_range("recent", self.recent, 1, FRAMES_IN)
        _require_range("margin", self.margin, 0, MARGIN)
        _require_blur_of_something(self.residual_to, self.blur)


@dataclass(frozen=True)
class CnnCnn(Checked):
    """A CNN on each frame, and one from all features to all leads."""

    name: ClassVar[str] = "cnn_cnn"
    # Its names are those of the table of encoders.
    encoder: Encoder = "small"
    """CNN on each frame."""
    weights: str = ""
    """Initial weights of the encoder: imagenet or a file; empty: random."""
    decoder_filters: tuple[int, ...] = (48, 64, 96, 96)
    """Width of the second CNN at strides 2, 4, 8, ..."""
    last_kernel: Literal[1, 3] = 3
    """Side of the last convolution."""
    residual_to: ResidualTo = "advection"
    """Forecast that the output is added to: advection by the flow, persistence, or none."""
    blur: Blur = "forecast"
    """Gaussian blur, trained for each lead, of the forecast that the residual is added to, of the
    output, or none."""
    batch_statistics: bool = False
    """Normalise by the statistics of the batch in inference too; a forecast then depends on the
    other windows of its batch."""

    def __post_init__(self):
        super().__post_init__()
        _require_widths("decoder_filters", self.decoder_filters)
        _require_blur_of_something(self.residual_to, self.blur)


@dataclass(frozen=True)
class ConvLSTM(Checked):
    """A ConvLSTM encoder on the frames and a ConvLSTM decoder to the leads."""

    name: ClassVar[str] = "conv_lstm"
    ALIASES: ClassVar[dict] = {"filters": ("filters", {})}

    filters: tuple[int, ...] = (32, 48, 64, 96)
    """Width of the convolutions at strides 2, 4, ..., at most four; the last also of the LSTMs."""
    residual_to: ResidualTo = "advection"
    """Forecast that the output is added to: advection by the flow, persistence, or none."""
    blur: Blur = "forecast"
    """Gaussian blur, trained for each lead, of the forecast that the residual is added to, of the
    output, or none."""
    batch_statistics: bool = False
    """Normalise by the statistics of the batch in inference too; a forecast then depends on the
    other windows of its batch."""

    def __post_init__(self):
        super().__post_init__()
        _require_widths("filters", self.filters, most=4)
        _require_blur_of_something(self.residual_to, self.blur)


@dataclass(frozen=True)
class Flow:
    """The flow's forecast; only its blur is trained."""

    name: ClassVar[str] = "flow"


@dataclass(frozen=True)
class Perceiver:
    """A Perceiver that estimates the flow, trained on frames moved by known flows."""

    name: ClassVar[str] = "perceiver"


@dataclass(frozen=True)
class Settings(Checked):
    """Settings of the nowcast."""

    data: str = ""
    """Sequences of frames: .npz with data and time, .zarr, .zarr.zip or netCDF, a file or a folder
    of them; the .zarr.zip and netCDF files of a folder are frames of one sequence. To evaluate,
    also a folder with features.npz and targets.npz; to predict, features.npz, or two images whose
    flow is wanted, "first.png,second.png". Empty: $SEAICE_TF_DATA/hrv if it has sequences, else
    synthetic ones."""
    channel: str = ""
    """Channel, or variable of a netCDF file, of files with several."""
    step: int = 5
    """Minutes from one frame to the next. Frames some seconds early or late, and other frames
    between them, are allowed. The released model was trained on 5 minutes."""
    value_range: tuple[float, ...] = ()
    """Values that stand for 0 and 1023 counts. Empty: counts are read as they are, and the range of
    values in another unit is learnt from the data and stored in the settings of the run."""
    shards: str = ""
    """Folder that `prepare` made of the sequences; training reads it instead of them, and without
    `data` its frames are scored too."""
    train_fraction: float = 0.6
    """Fraction of the columns, from the west, for training."""
    validation_fraction: float = 0.2
    """Fraction of the columns after them for validation; the rest is for tests. If none is left,
    the run is scored on the validation columns, and its scores say so."""
    min_frames: int = 24
    """Shortest window in frames: 12 for the input and 1 to 24 for the leads. Windows have up to 36
    frames; leads beyond the end of a sequence have weight 0."""
    windows: int = 192
    """Training windows per epoch, and largest number of validation windows."""
    stride: int = 12
    """Smallest distance in frames between the starts of validation and test windows."""
    flips: bool = True
    """Mirror training windows at random."""
    rot90: bool = True
    """Rotate training windows by multiples of 90 degrees at random."""
    brightness_jitter: float = 0.0
    """Multiply training windows by a random factor of 1 - x to 1 + x, as seasons and hours do."""

    network: PerLeadUNet | FlowUNet | CnnCnn | ConvLSTM | Flow | Perceiver = field(
        default_factory=PerLeadUNet
    )
    """per_lead_unet blends and corrects the forecasts of several flows for each lead; flow_unet is
    one U-Net for all leads; cnn_cnn a CNN on each frame and one on all; conv_lstm a ConvLSTM; flow
    the flow's forecast, blurred; perceiver the forecast by a trained flow."""
    mae_weight: float = 0.1
    """Weight of the mean absolute error in the loss; the rest is for 1 - MS-SSIM."""
    advection_weight: float = 0.0
    """Weight of the flow's forecast in its mean with the network's, in the exported model."""
    tta: Tta = "none"
    """Test-time augmentation in the exported model: the mean over a window and its three mirror
    images with flips, which takes four times as long."""

    training: Training = field(
        default_factory=lambda: Training(epochs=16, batch_size=2, learning_rate=2e-3, average=0.98)
    )

    ALIASES: ClassVar[dict[str, tuple[str, dict] | None]] = {
        "train_share": ("train_fraction", {}),
        "validation_share": ("validation_fraction", {}),
        "least": ("min_frames", {}),
        "turns": ("rot90", {}),
        "gain": ("brightness_jitter", {}),
        "network": ("network", {"lead_unet": "per_lead_unet"}),
        "difference": ("residual_to", {"last": "persistence", "flow": "advection"}),
        "error_share": ("mae_weight", {}),
        "flow_share": ("advection_weight", {}),
        "views": ("tta", {"one": "none", "mirrored": "flips"}),
    }

    def __post_init__(self):
        super().__post_init__()
        if self.training.precision != "float32":
            raise InputError(
                f"precision: expected float32, got {self.training.precision}, in which counts of "
                f"10 bits are rounded to 8; leave it out"
            )
        for name in ("train_fraction", "validation_fraction"):
            if not 0 < getattr(self, name) < 1:
                raise InputError(
                    f"{name}: expected more than 0 and less than 1, got {getattr(self, name)}"
                )
        if self.train_fraction + self.validation_fraction > 1:
            raise InputError(
                f"settings: expected fractions of training and validation with a sum of at most 1, "
                f"got {self.train_fraction} and {self.validation_fraction}"
            )
        _require_range("min_frames", self.min_frames, FRAMES_IN + 1, FRAMES)
        for name in ("windows", "stride", "step"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: expected at least 1, got {getattr(self, name)}")
        if self.value_range and (len(self.value_range) != 2 or np.diff(self.value_range) <= 0):
            raise InputError(
                f"value_range: expected two ascending values, of 0 and of 1023 counts, got "
                f"{self.value_range}; give both, or none"
            )
        for name in ("brightness_jitter", "mae_weight", "advection_weight"):
            _require_range(name, getattr(self, name), 0, 1)


def _require_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"{name}: expected {low} to {high}, got {value}")


def _require_widths(name: str, widths: Any, most: int = 5) -> None:
    if not 1 <= len(widths) <= most or min(widths) < 1:
        raise InputError(f"{name}: expected 1 to {most} widths of at least 1, got {widths}")


def _require_blur_of_something(residual_to: str, blur: str) -> None:
    if blur == "forecast" and residual_to == "none":
        raise InputError(
            "blur: expected output or none without a forecast that the residual is added to, got "
            "forecast; add --blur output"
        )
