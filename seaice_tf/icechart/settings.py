"""Settings of the ice charts."""

from dataclasses import dataclass, field
from typing import Literal

from seaice_tf.errors import InputError
from seaice_tf.icechart.data.charts import CHARTS, COARSE, FINE
from seaice_tf.icechart.data.decision import Uncertainty
from seaice_tf.icechart.data.inputs import DERIVED
from seaice_tf.icechart.data.names import FACTORS
from seaice_tf.icechart.data.polygon_codes import PRESETS
from seaice_tf.icechart.data.rotation import WIND
from seaice_tf.icechart.networks.unet import FILTERS, WATER, Concentration
from seaice_tf.settings import Training

# The microwave frequencies that see ice with the least weather, and no skin temperature: as the
# best entry of the AutoICE contest has it.
CHANNELS = (
    *FINE,
    *("btemp_18_7h", "btemp_18_7v", "btemp_36_5h", "btemp_36_5v"),
    *("u10m_rotated", "v10m_rotated", "t2m", "tcwv", "tclw"),
)


@dataclass(frozen=True)
class Settings:
    """Settings of the ice charts."""

    data: str = ""
    """Folder of ready-to-train scenes of AI4Arctic / AutoICE, <time>_<service>_prep.nc; test scenes
    have their charts beside them in ..._reference.nc. To prepare, also one of raw scenes, which
    become ready-to-train. Empty: $SEAICE_TF_DATA/ai4arctic if it holds scenes, else synthetic
    ones."""
    # Its names are those of the presets.
    thresholds: Literal[tuple(PRESETS)] = "both_65"  # type: ignore[valid-type]
    """Share of a polygon's ice in percent that a stage and a floe size need to stand for it, when
    raw scenes are prepared; those of the ready-to-train set are 65 for both."""
    shards: str = ""
    """Folder that `prepare` made of the scenes; training reads it instead of them."""
    downscale: Literal[1, 2, 5, 10] = 5
    """Pixels of 80 m along a side of those that are charted."""
    channels: tuple[str, ...] = CHANNELS
    """Of the scenes' grids, and of month_sine, month_cosine, latitude, longitude_sine and
    longitude_cosine."""
    validation_share: float = 0.15
    """Share of the scenes with charts that chooses the epoch and the temperatures: as many of each
    ice service, season and area as there are."""
    split_seed: int = 0

    filters: tuple[int, ...] = FILTERS[4]
    """Width of each level of the U-Net, the finest first; their number is the depth."""
    gates: bool = False
    """Weigh each skip of the U-Net by attention."""
    attention_heads: int = 0
    """Heads of the self-attention between the pixels of the bottleneck; 0 has none."""
    sic: Concentration = "regression"
    """How concentration is learnt."""
    agree: bool = True
    """Make the three charts agree on open water, by a head that they share."""
    uncertainty: Uncertainty = "entropy"
    """Entropy of the classes' probabilities, or 1 - the largest of them."""
    calibrate: bool = True
    """Fit the temperatures on the validation scenes, instead of those given."""
    temperatures: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    """What the logits of SIC, SOD, FLOE and open water are divided by."""
    sic_weight: float = 1.0
    """Weights of the losses."""
    sod_weight: float = 3.0
    floe_weight: float = 3.0
    water_weight: float = 3.0

    patch: int = 64
    """Pixels along a side of the patches that are trained on."""
    patches: int = 128
    """Patches in an epoch."""
    least: float = 0.2
    """Share of a patch's pixels that should have a chart."""
    flips: bool = True
    """Mirror patches at random; the wind is mirrored with them."""
    turns: bool = True
    """Turn patches by quarters at random; the wind is turned with them."""
    scale: float = 1.0
    """Patches show from 1 / scale to scale times as much along a side."""
    cutmix: float = 0.0
    """Share of the patches into which a part of another one is put."""
    target: str = ""
    """List of scene names (JSON), or a folder of scenes, whose make-up training scenes are drawn
    towards; empty: all are drawn alike."""
    target_factors: tuple[str, ...] = ("area", "month", "service")
    """In what: area, month, year, service, satellite."""
    tile: int = 512
    """Pixels along a side of the tiles that larger scenes are charted in."""
    halo: int | None = None
    """Pixels around a tile that are looked at with it. By default all that the network sees, so
    that tiles leave no trace: 54 for 4 levels, 222 for 6, 894 for 8. In an ensemble the first run's
    tiles are taken."""
    views: Literal["one", "flips", "all"] = "one"
    """Chart the mean of a scene and its three flips, or of all eight flips and quarter turns."""
    skip_damaged: bool = False
    """Leave out scenes that `doctor` finds fault with, and say which."""

    training: Training = field(
        default_factory=lambda: Training(epochs=40, batch_size=8, learning_rate=3e-3, average=0.98)
    )

    def __post_init__(self):
        known = (*FINE, *COARSE, *DERIVED)
        wrong = [name for name in self.channels if name not in known]
        if wrong or not self.channels or len(set(self.channels)) < len(self.channels):
            raise InputError(
                f"channels: expected each once, of {', '.join(known)}, got "
                f"{', '.join(wrong or self.channels) or 'none'}"
            )
        if not set(self.target_factors) <= set(FACTORS) or not self.target_factors:
            raise InputError(
                f"target_factors: expected some of {', '.join(FACTORS)}, got "
                f"{', '.join(self.target_factors) or 'none'}"
            )
        quarters = self.turns or self.views == "all"
        if quarters and len(set(WIND) & set(self.channels)) == 1:
            raise InputError(
                f"channels: expected both of {', '.join(WIND)} or none, got one; the wind of a "
                f"quarter turn takes both: add the other, or --no-turns without --views all"
            )
        if not self.filters or min(self.filters) < 1 or self.attention_heads < 0:
            raise InputError("settings: expected filters of at least 1 and no negative heads")
        if len(self.temperatures) != len((*CHARTS, WATER)) or not min(self.temperatures) > 0:
            raise InputError(
                f"temperatures: expected four above 0, got {self.temperatures}; those of SIC, SOD, "
                f"FLOE and open water"
            )
        for name in ("least", "cutmix"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name}: expected 0 to 1, got {getattr(self, name)}")
        if not 0 < self.validation_share < 1:
            raise InputError(
                f"validation_share: expected more than 0 and less than 1, got "
                f"{self.validation_share}"
            )
        weights = (self.sic_weight, self.sod_weight, self.floe_weight, self.water_weight)
        if not min(weights) >= 0:
            raise InputError(f"settings: expected no negative weight of a loss, got {weights}")
        if min(self.patch, self.patches, self.tile) < 1 or (self.halo or 0) < 0:
            raise InputError(
                "settings: expected at least 1 patch, patches and tile, and no negative halo"
            )
        if not 1 <= self.scale <= 2:
            raise InputError(f"scale: expected 1 to 2, got {self.scale}")
