"""Settings of the ice charts."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from seaice_tf.errors import InputError
from seaice_tf.icechart.choices import FILTERS, WATER, SicHeadName
from seaice_tf.icechart.data.charts import CHARTS, COARSE, FINE
from seaice_tf.icechart.data.decision import UNCERTAINTIES
from seaice_tf.icechart.data.downscale import FACTORS as DOWNSCALING
from seaice_tf.icechart.data.inputs import DERIVED
from seaice_tf.icechart.data.names import FACTORS
from seaice_tf.icechart.data.polygon_codes import PRESETS
from seaice_tf.icechart.data.symmetry import WIND
from seaice_tf.settings import Checked, Training

# The brightness temperatures least affected by the atmosphere, and no skin temperature: the choice
# of the winning AutoICE entry.
CHANNELS = (
    *FINE,
    *("btemp_18_7h", "btemp_18_7v", "btemp_36_5h", "btemp_36_5v"),
    *("u10m_rotated", "v10m_rotated", "t2m", "tcwv", "tclw"),
)


@dataclass(frozen=True)
class Settings(Checked):
    """Settings of the ice charts."""

    data: str = ""
    """Folder of ready-to-train scenes of AI4Arctic / AutoICE, <time>_<service>_prep.nc; the charts
    of test scenes are in ..._reference.nc. `prepare` also takes a folder of raw scenes, which it
    converts to ready-to-train ones. Default: $SEAICE_TF_DATA/ai4arctic if it has scenes, else
    synthetic scenes."""
    # Literals are taken from the tables that implement their values.
    thresholds: Literal[tuple(PRESETS)] = "both_65"  # type: ignore[valid-type]
    """Percentage of a polygon's ice above which its stage and its floe size are dominant, for the
    conversion of raw scenes; the ready-to-train scenes use 65 for both."""
    shards: str = ""
    """Folder of shards written by `prepare`, for training from them instead of the scenes."""
    downscale: Literal[DOWNSCALING] = 5  # type: ignore[valid-type]
    """Pixels of 80 m along a side of a pixel of the network."""
    channels: tuple[str, ...] = CHANNELS
    """Input channels: those of the scenes, month_sine, month_cosine, latitude, longitude_sine and
    longitude_cosine."""
    validation_fraction: float = 0.15
    """Fraction of the scenes with charts for validation, stratified by ice service, season and
    area. They select the epoch and the softmax temperatures."""
    split_seed: int = 0
    """Seed of the validation split."""

    filters: tuple[int, ...] = FILTERS[4]
    """Filters of each level of the U-Net, finest first; their number is the depth."""
    gates: bool = False
    """Attention gates on the skip connections."""
    attention_heads: int = 0
    """Heads of the self-attention in the bottleneck; 0 for none."""
    sic_head: SicHeadName = "regression"
    """Formulation of the concentration: regression, classification or ordinal regression."""
    consistent: bool = True
    """Make the three charts agree on open water, by a binary head for open water."""
    uncertainty: Literal[tuple(UNCERTAINTIES)] = "entropy"  # type: ignore[valid-type]
    """Uncertainty of a pixel: entropy of the class probabilities, or 1 - the largest of them."""
    calibrate: bool = True
    """Fit the softmax temperatures on the validation scenes after training."""
    softmax_temperatures: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    """Divisors of the logits of SIC, SOD, FLOE and open water."""
    sic_weight: float = 1.0
    """Weight of the loss of SIC."""
    sod_weight: float = 3.0
    """Weight of the loss of SOD."""
    floe_weight: float = 3.0
    """Weight of the loss of FLOE."""
    water_weight: float = 3.0
    """Weight of the loss of the head for open water."""

    patch: int = 64
    """Pixels along a side of a training patch."""
    patches: int = 128
    """Patches per epoch."""
    min_valid_fraction: float = 0.2
    """Minimum fraction of labelled pixels in a patch."""
    flips: bool = True
    """Augment by random flips; the wind components are flipped too."""
    rot90: bool = True
    """Augment by random rotations of 90 degrees; the wind vector is rotated too."""
    scale: float = 1.0
    """Augment by random scaling between 1 / scale and scale."""
    cutmix: float = 0.0
    """Probability of CutMix for each patch."""
    target: str = ""
    """List of scene names (JSON), or a folder of scenes, whose composition the sampling weights of
    the training scenes match; empty for equal weights."""
    target_factors: tuple[str, ...] = ("area", "month", "service")
    """Factors of the composition: area, month, year, service, satellite."""
    skip_damaged: bool = False
    """Skip scenes in which `doctor` finds problems, with a message."""

    training: Training = field(
        default_factory=lambda: Training(epochs=40, batch_size=8, learning_rate=3e-3, average=0.98)
    )

    ALIASES: ClassVar[dict[str, tuple[str, dict[Any, Any]] | None]] = {
        "validation_share": ("validation_fraction", {}),
        "sic": ("sic_head", {}),
        "agree": ("consistent", {}),
        "uncertainty": ("uncertainty", {"top": "least_confidence"}),
        "temperatures": ("softmax_temperatures", {}),
        "least": ("min_valid_fraction", {}),
        "turns": ("rot90", {}),
        "tile": None,
        "halo": None,
        "views": None,
    }

    def __post_init__(self):
        super().__post_init__()
        self._check_channels()
        if not set(self.target_factors) <= set(FACTORS) or not self.target_factors:
            raise InputError(
                f"target_factors: expected some of {', '.join(FACTORS)}, got "
                f"{', '.join(self.target_factors) or 'none'}"
            )
        if not self.filters or min(self.filters) < 1 or self.attention_heads < 0:
            raise InputError("settings: expected filters of at least 1 and no negative heads")
        temperatures = self.softmax_temperatures
        if len(temperatures) != len((*CHARTS, WATER)) or not min(temperatures) > 0:
            raise InputError(
                f"softmax_temperatures: expected four above 0, got {temperatures}; those of SIC, "
                f"SOD, FLOE and open water"
            )
        weights = (self.sic_weight, self.sod_weight, self.floe_weight, self.water_weight)
        if not min(weights) >= 0:
            raise InputError(f"settings: expected loss weights of at least 0, got {weights}")
        self._check_examples()

    def _check_channels(self):
        known = (*FINE, *COARSE, *DERIVED)
        wrong = [name for name in self.channels if name not in known]
        if wrong or not self.channels or len(set(self.channels)) < len(self.channels):
            raise InputError(
                f"channels: expected each once, of {', '.join(known)}, got "
                f"{', '.join(wrong or self.channels) or 'none'}"
            )
        if self.rot90 and len(set(WIND) & set(self.channels)) == 1:
            raise InputError(
                f"channels: expected both of {', '.join(WIND)} or none, got one; rotating the wind "
                f"vector needs both: add the other, or --no-rot90"
            )

    def _check_examples(self):
        for name in ("min_valid_fraction", "cutmix"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name}: expected 0 to 1, got {getattr(self, name)}")
        if not 0 < self.validation_fraction < 1:
            raise InputError(
                f"validation_fraction: expected more than 0 and less than 1, got "
                f"{self.validation_fraction}"
            )
        if min(self.patch, self.patches) < 1:
            raise InputError("settings: expected patch and patches of at least 1")
        if not 1 <= self.scale <= 2:
            raise InputError(f"scale: expected 1 to 2, got {self.scale}")
