"""Settings of the nowcast."""

from dataclasses import dataclass, field
from typing import Literal

from seaice_tf.errors import InputError
from seaice_tf.networks.encoders import KINDS
from seaice_tf.nowcast.data.layout import FRAMES, FRAMES_IN, FRAMES_OUT
from seaice_tf.nowcast.networks.parts import Blur, Difference
from seaice_tf.settings import Training

# Switches, and which networks have them; widths are not looked at.
SWITCHES = {
    "difference": ("flow_unet", "cnn_cnn", "conv_lstm"),
    "blur": ("flow_unet", "cnn_cnn", "conv_lstm", "flow"),
    "batch_statistics": ("flow_unet", "cnn_cnn", "conv_lstm"),
    "flow": ("flow_unet",),
    "encoder": ("cnn_cnn",),
    "weights": ("cnn_cnn",),
    "last_kernel": ("cnn_cnn",),
}


@dataclass(frozen=True)
class Settings:
    """Settings of the nowcast."""

    data: str = ""
    """Sequences of frames 5 minutes apart, .npz with data and time or the contest's .zarr: one or a
    folder of them. To evaluate, also a folder with features.npz and targets.npz; to predict,
    features.npz, or two images whose flow is wanted, "first.png,second.png". Empty:
    $SEAICE_TF_DATA/hrv if it holds sequences, else synthetic ones."""
    shards: str = ""
    """Folder that `prepare` made of the sequences; training reads it instead of them, and without
    `data` scores are of its frames too."""
    train_share: float = 0.6
    """Share of the columns, from the west, that training sees."""
    validation_share: float = 0.2
    """Share of the columns after them that chooses the epoch; the rest is kept for tests. If none
    is left, the run is scored on these, and says so."""
    least: int = 24
    """Frames that a window has at least: 12 that are given, and 1 to 24 that are forecast. It has
    up to 36 where so many follow; leads past the end of a sequence have no say."""
    windows: int = 192
    """Windows in an epoch, and at most so many that choose it."""
    stride: int = 12
    """Frames from one window of validation and test to the next at least."""
    flips: bool = True
    """Mirror windows at random."""
    turns: bool = True
    """Turn windows by quarters at random."""
    gain: float = 0.0
    """Make windows brighter or darker by up to this share, as hours and seasons do."""

    network: Literal["lead_unet", "flow_unet", "cnn_cnn", "conv_lstm", "flow", "perceiver"] = (
        "lead_unet"
    )
    """A U-Net that chooses among several flows' forecasts of a lead and corrects them, the same for
    all leads; one U-Net for all leads at once; a CNN on each frame and one on all; a ConvLSTM;
    the flow's forecast, of which only the blur is learnt; or that by a network that learns the
    flow."""
    difference: Difference = "flow"
    """What networks predict the difference to: the flow's forecast, the last frame, or none."""
    blur: Blur = "forecast"
    """Gaussian blur, learnt for each lead, of what the difference is added to, of the output, or of
    none."""
    lead_filters: tuple[int, ...] = (12, 24, 32)
    """lead_unet: width per level, the finest first."""
    trained_leads: int = 12
    """lead_unet: leads that it trains on, the first ones; it forecasts all."""
    filters: tuple[int, ...] = (32, 48, 64, 96)
    """flow_unet: width per level, the finest first; conv_lstm: of the convolutions at stride 2, 4,
    ..., the last also of its LSTMs."""
    recent: int = 4
    """flow_unet: frames that it sees, the last ones."""
    margin: int = 16
    """lead_unet, flow_unet: pixels around the centre that they see."""
    flow: Literal["lucas_kanade", "perceiver"] = "lucas_kanade"
    """flow_unet: where its flow is from; that of the Perceiver is learnt with the rest, and may
    start from a run of it that --transfer names."""
    # Its names are those of the table of encoders.
    encoder: Literal[tuple(KINDS)] = "small"  # type: ignore[valid-type]
    """cnn_cnn: network that sees each frame."""
    weights: str = ""
    """cnn_cnn: weights that the encoder starts from: imagenet or a file; empty: random ones."""
    decoder_filters: tuple[int, ...] = (48, 64, 96, 96)
    """cnn_cnn: width of the second CNN at strides 2, 4, 8, ..."""
    last_kernel: Literal[1, 3] = 3
    """cnn_cnn: side of the last convolution."""
    error_share: float = 0.1
    """Share of the mean absolute error in the loss; the rest is 1 - MS-SSIM."""
    batch_statistics: bool = False
    """Normalise by the batch at hand in prediction too, as in training: what is said of a window
    then depends on those beside it, and alone it is normalised by itself."""
    flow_share: float = 0.0
    """Share of the flow's forecast in the mean with that of the network, when it is served."""
    views: Literal["one", "mirrored"] = "one"
    """Serve the mean of what is forecast of a window and of its three mirror images, which takes
    four times as long."""

    training: Training = field(
        default_factory=lambda: Training(epochs=16, batch_size=2, learning_rate=2e-3, average=0.98)
    )

    def __post_init__(self):
        for name, networks in SWITCHES.items():
            if self.network not in networks and getattr(self, name) != getattr(Settings, name):
                raise InputError(
                    f"{name}: expected a network that has it, {', '.join(networks)}, got "
                    f"{self.network}; leave it out, or name another --network"
                )
        if self.training.precision != "float32":
            raise InputError(
                f"precision: expected float32, got {self.training.precision}, in which counts of "
                f"10 bits are rounded to 8; leave it out"
            )
        for name in ("train_share", "validation_share"):
            if not 0 < getattr(self, name) < 1:
                raise InputError(
                    f"{name}: expected more than 0, less than 1, got {getattr(self, name)}"
                )
        if self.train_share + self.validation_share > 1:
            raise InputError(
                f"settings: expected shares of training and validation of 1 at most together, got "
                f"{self.train_share} and {self.validation_share}"
            )
        if not FRAMES_IN < self.least <= FRAMES:
            raise InputError(
                f"least: expected {FRAMES_IN + 1} to {FRAMES} frames, got {self.least}"
            )
        if not 1 <= self.trained_leads <= FRAMES_OUT:
            raise InputError(f"trained_leads: expected 1 to {FRAMES_OUT}, got {self.trained_leads}")
        for name in ("windows", "stride", "recent"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: expected at least 1, got {getattr(self, name)}")
        if self.recent > FRAMES_IN or not 0 <= self.margin <= 32:
            raise InputError(
                f"settings: expected at most {FRAMES_IN} recent frames and a margin of 0 to 32, "
                f"got {self.recent} and {self.margin}"
            )
        for name in ("gain", "error_share", "flow_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name}: expected 0 to 1, got {getattr(self, name)}")
        for name in ("lead_filters", "filters", "decoder_filters"):
            if not 1 <= len(getattr(self, name)) <= 5 or min(getattr(self, name)) < 1:
                raise InputError(f"{name}: expected one to five widths, got {getattr(self, name)}")
        if self.network == "conv_lstm" and len(self.filters) > 4:
            raise InputError(f"filters: expected at most four of a conv_lstm, got {self.filters}")
        if self.blur == "forecast" and self.difference == "none":
            raise InputError(
                "blur: expected output or none without a difference, got forecast; "
                "add --blur output"
            )
        if self.network == "flow" and self.blur == "none":
            raise InputError(
                "blur: expected forecast or output for flow alone, which has no other weights"
            )
