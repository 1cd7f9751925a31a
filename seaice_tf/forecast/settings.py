"""Settings of the forecast: one class for what all networks share, and one for each network.

This module lists the networks by name; `training.py` says how each is built, trained and served.
"""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import months
from seaice_tf.forecast.data.archive import MINIMUM_DAYS
from seaice_tf.forecast.data.counts import PoleHoleFill
from seaice_tf.forecast.data.formats import Check
from seaice_tf.settings import Checked, Training

LEADS = 12  # months ahead
MOST_MONTHS = 60  # of anomalies from five years within a history of ten
# Length of the rows of `networks.calibration.Calibration`.
TERMS = {"concentration_weights": 6, "log_odds_weights": 5, "extent_weights": 3}


@dataclass(frozen=True)
class Distribution(Checked):
    """Class probabilities of concentration for each cell, from any month; the default network."""

    name: ClassVar[str] = "distribution"
    takes_month: ClassVar[bool] = True  # the SavedModel has the month as an input
    history_years: ClassVar[int] = 10
    ALIASES: ClassVar[dict] = {"cells": ("cell_fraction", {})}

    members: int = 8
    """Networks whose predictions are averaged; each leaves out every fourth block of three years,
    two of eight the same."""
    width: int = 48
    """Units of each hidden layer."""
    cell_fraction: float = 0.025
    """Fraction of the cells of each month to train on."""
    longest_history_years: Literal[10, 20] = 10
    """Most years of the record that it makes use of; 20 adds features of a longer climate."""
    init_step: int = 1
    """Train on forecasts from every so many months, for a quick run; 5 and 7 sample all seasons."""
    error_weight: float = 20.0
    """Weight of the squared error of the departure from climatology, beside the cross-entropy."""
    other_hemisphere: str = ""
    """Folder of the other hemisphere's record, to train on too, such as
    $SEAICE_TF_DATA/nsidc0051_south; its seasons are shifted by half a year. Empty: none."""
    other_weight: float = 0.5
    """Weight of the other hemisphere's cells."""
    calibrate: bool = False
    """Fit how far each prediction is trusted, by lead, on the years that members left out."""
    trend_weight: float = 0.15
    """Weight in the concentration of the increment of the ten-year trend, from lead 4 on."""
    trend_log_odds: float = 0.0
    """Weight of the same increment in the log odds of ice."""
    late_summer_trend_weight: float = 0.1
    """Further weight in the concentration of the same increment in September, half of it in August;
    the decline of these months has outrun the trend. None in the south."""
    late_summer_trend_log_odds: float = 1.0
    """Further weight of it in the log odds of ice, likewise."""
    log_odds_offset: float = -0.15
    """Added to the log odds of ice."""
    concentration_weights: tuple[tuple[float, ...], ...] = ()
    """Result of the calibration: weights of the departures, a row a lead; empty for none."""
    log_odds_weights: tuple[tuple[float, ...], ...] = ()
    """Result of the calibration: weights of the log odds of ice, a row a lead; empty for none."""
    extent_regression: bool = True
    """Move the extent at lead 1 towards its regression on the extent of the last month and on that
    of its very open ice, fitted on the record to train_end."""
    extent_weights: tuple[tuple[float, ...], ...] = ()
    """Result of that fit: coefficients and weight, a row a calendar month; empty for none."""

    def __post_init__(self):
        super().__post_init__()
        _require_positive(self, "members", "width", "init_step")
        _require_fraction(self, "cell_fraction")
        if min(self.error_weight, self.other_weight) < 0:
            raise InputError("error_weight, other_weight: expected at least 0, got less")
        for name, terms in TERMS.items():
            rows = getattr(self, name)
            if rows and (len(rows) != LEADS or {len(row) for row in rows} != {terms}):
                raise InputError(
                    f"{name}: expected none or 12 rows of {terms}, got {len(rows)} rows of "
                    f"{sorted({len(row) for row in rows})}; train again"
                )
            if not all(math.isfinite(value) for row in rows for value in row):
                raise InputError(f"{name}: expected finite weights, got others; train again")
        for *_, weight in self.extent_weights:
            if not 0 <= weight <= 1:
                raise InputError(
                    "extent_weights: expected 0 to 1 as last of each row, got "
                    f"{weight}; train again"
                )


@dataclass(frozen=True)
class UNet(Checked):
    """A U-Net that corrects the climatology of the last years."""

    name: ClassVar[str] = "unet"
    takes_month: ClassVar[bool] = False  # the SavedModel has the month as an input
    ALIASES: ClassVar[dict] = {
        "years": ("history_years", {}),
        "origins": ("init_months", {"every_month": "all"}),
        "loss": ("loss", {"contest_error": "dacon_error"}),
    }

    history_years: int = 10
    """Length of the history."""
    base_years: int = 5
    """Years of the climatology that is corrected."""
    init_months: Literal["all", "december"] = "all"
    """Calendar months in which the training forecasts are initialised."""
    filters: tuple[int, ...] = (16, 16)
    """Width of each level, top first."""
    loss: Literal["absolute_error", "squared_error", "dacon_error"] = "dacon_error"
    """Loss of each cell."""
    crop: int = 64
    """Side in cells of the training windows, at random places; 0 for whole grids."""
    flip: bool = False
    """Flip training maps at random."""

    def __post_init__(self):
        super().__post_init__()
        if not 1 <= self.base_years <= self.history_years:
            raise InputError(
                f"base_years: expected 1 to history_years ({self.history_years}), "
                f"got {self.base_years}"
            )
        if not self.filters or min(self.filters) < 1:
            raise InputError(f"filters: expected widths of at least 1, got {self.filters}")
        if self.crop < 0:
            raise InputError(f"crop: expected at least 0, got {self.crop}")


@dataclass(frozen=True)
class Autoencoder(Checked):
    """An autoencoder of single months; it forecasts last year's month as its code keeps it."""

    name: ClassVar[str] = "autoencoder"
    takes_month: ClassVar[bool] = False  # the SavedModel has the month as an input
    history_years: ClassVar[int] = 1
    ALIASES: ClassVar[dict] = {"variant": ("variant", {"": "two_conv"})}

    variant: Literal["one_conv", "two_conv", "two_conv_tied", "two_conv_small", "three_conv"] = (
        "two_conv"
    )
    """Architecture, see docs/forecast_models.md."""
    code: int = 256
    """Length of the code."""

    def __post_init__(self):
        super().__post_init__()
        _require_positive(self, "code")


@dataclass(frozen=True)
class Sequence(Checked):
    """A model from an autoencoder's codes of past years to the code of the next."""

    name: ClassVar[str] = "sequence"
    takes_month: ClassVar[bool] = False  # the SavedModel has the month as an input
    ALIASES: ClassVar[dict] = {
        "variant": ("variant", {"": "attention_8_skips"}),
        "sequence_years": ("history_years", {}),
    }

    variant: Literal[
        "lstm_1",
        "lstm_2",
        "lstm_3",
        "lstm_1_norm",
        "lstm_2_norm",
        "lstm_1_bigger",
        "lstm_2_bigger",
        "lstm_1_smaller",
        "conv_lstm_1",
        "conv_lstm_2",
        "attention_4",
        "attention_8_skips",
    ] = "attention_8_skips"
    """Architecture, see docs/forecast_models.md."""
    autoencoder: str = ""
    """Folder of the run of the autoencoder."""
    freeze: bool = True
    """Keep the autoencoder's weights fixed, and train on its codes alone."""
    history_years: int = 5
    """Years of the same calendar month to forecast from."""

    def __post_init__(self):
        super().__post_init__()
        _require_positive(self, "history_years")


@dataclass(frozen=True)
class Crops(Checked):
    """A model of square crops of 64 cells, averaged where they overlap."""

    name: ClassVar[str] = "crops"
    takes_month: ClassVar[bool] = False  # the SavedModel has the month as an input
    ALIASES: ClassVar[dict] = {
        "variant": ("variant", {"": "crops_conv_lstm"}),
        "sequence_years": ("history_years", {}),
        "crop_share": ("crop_fraction", {}),
    }

    variant: Literal["crops_conv_lstm", "crops_lstm_2_norm", "crops_attention_8_skips"] = (
        "crops_conv_lstm"
    )
    """Architecture, see docs/forecast_models.md."""
    history_years: int = 5
    """Years of the same calendar month to forecast from."""
    crop_fraction: float = 0.1
    """Fraction of the crops of each month to train on."""

    def __post_init__(self):
        super().__post_init__()
        _require_positive(self, "history_years")
        _require_fraction(self, "crop_fraction")


@dataclass(frozen=True)
class AnomalyCodes(Checked):
    """Codes of anomaly maps; departures from the five-year climatology, from any month."""

    name: ClassVar[str] = "anomaly_codes"
    takes_month: ClassVar[bool] = True  # the SavedModel has the month as an input
    history_years: ClassVar[int] = 10

    variant: Literal["damped_codes", "linear_codes", "lstm_codes", "attention_codes"] = "lstm_codes"
    """Architecture, see docs/forecast_models.md."""
    months: int = 12
    """Last months whose codes are seen."""
    codes: int = 24
    """Length of the code: leading orthogonal functions of the anomalies."""
    units: int = 16
    """Width of the LSTM or of the attention, a multiple of 4 for attention."""
    noise: float = 0.5
    """Noise on the codes in training, in units of the leading one's standard deviation."""
    dropout: float = 0.6
    """Dropout of what the LSTM or the attention found; half of it of the last code."""
    members: int = 4
    """Networks whose predictions are averaged; each leaves out every fourth block of three
    years."""
    width: int = 32
    """Units of each hidden layer of the head in the cells."""
    cell_features: Literal["few", "all"] = "all"
    """Features of the head: all of the distribution network, or a few without trends."""
    cell_fraction: float = 0.025
    """Fraction of the cells of each month to train on."""

    def __post_init__(self):
        super().__post_init__()
        _require_positive(self, "months", "codes", "units", "members", "width")
        _require_fraction(self, "cell_fraction")
        _require_months(self)
        if not (0 <= self.noise <= 1 and 0 <= self.dropout < 1):
            raise InputError(
                f"noise, dropout: expected 0 to 1, got {self.noise} and {self.dropout}"
            )
        if self.variant == "attention_codes" and self.units % 4:
            raise InputError(f"units: expected a multiple of 4 for attention, got {self.units}")


@dataclass(frozen=True)
class AnomalyCrops(Checked):
    """ConvLSTM on crops of anomalies; departures from the five-year climatology, from any month."""

    name: ClassVar[str] = "anomaly_crops"
    takes_month: ClassVar[bool] = True  # the SavedModel has the month as an input
    history_years: ClassVar[int] = 10

    months: int = 4
    """Last months whose anomalies are seen."""
    filters: tuple[int, ...] = (6,)
    """Width of each ConvLSTM."""
    kernel: int = 3
    """Side of the convolutions."""
    dropout: float = 0.2
    """Dropout of whole channels of the last state."""
    members: int = 4
    """Networks of the head in the cells whose predictions are averaged."""
    width: int = 32
    """Units of each hidden layer of the head."""
    cell_features: Literal["few", "all"] = "all"
    """Features of the head: all of the distribution network, or a few without trends."""
    cell_fraction: float = 0.025
    """Fraction of the cells of each month to train on."""

    def __post_init__(self):
        super().__post_init__()
        _require_positive(self, "months", "kernel", "members", "width")
        _require_fraction(self, "cell_fraction")
        _require_months(self)
        if not self.filters or min(self.filters) < 1:
            raise InputError(f"filters: expected widths of at least 1, got {self.filters}")
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout: expected at least 0 and less than 1, got {self.dropout}")


@dataclass(frozen=True)
class Settings(Checked):
    """Settings that all networks of the forecast share."""

    ALIASES: ClassVar[dict] = {
        "train_last": ("train_end", {}),
        "last_years": ("train_years", {}),
        "validation_first": ("validation_start", {}),
        "validation_last": ("validation_end", {}),
        "test_first": ("test_start", {}),
        "test_last": ("test_end", {}),
        "hole": ("pole_hole_fill", {"surroundings": "neighbours", "median": "image_median"}),
    }

    data: str = ""
    """Folder of sea-ice concentration files of one algorithm and hemisphere: NSIDC-0051, -0081 and
    -0803, the climate data records G02202 and G10016, OSI SAF 450-a and 430-a, or the arrays of the
    Dacon contest; empty: $SEAICE_TF_DATA/nsidc0051, and without that variable a synthetic archive.
    """
    hemisphere: Literal["north", "south"] = "north"
    """Hemisphere of the data."""
    minimum_days: int = MINIMUM_DAYS
    """Days with data that a month of daily files must have; half before 1987-08, when the sensor
    was on every other day."""
    allow: tuple[Check, ...] = ()
    """Contradictions in the data that are accepted: axes or projection of a file (coordinates), its
    date (time) or its satellite (sensor), a land mask unlike that of most months (land), a month or
    a day unlike the record (climate)."""
    average_to_25km: bool = False
    """Average grids of 12.5 km to 25 km."""
    trained_on: str = ""
    """Algorithm of the data that the network was trained on; training sets it."""
    train_end: str = "2006-12"
    """Last month to train on."""
    train_years: int = 0
    """Train on forecasts of the last so many years only; 0 for all."""
    validation_start: str = "2007-01"
    """First month of the period that chooses the best epoch."""
    validation_end: str = "2009-12"
    """Last month of that period."""
    test_start: str = "2010-01"
    """First month of the held-out test period."""
    test_end: str = "2012-12"
    """Last month of that period."""
    pole_hole_fill: PoleHoleFill = "neighbours"
    """Value of the pole hole: the median of the cells around it, or of the month's whole image."""
    network: Distribution | UNet | Autoencoder | Sequence | Crops | AnomalyCodes | AnomalyCrops = (
        field(default_factory=Distribution)
    )
    """Network, with settings of its own."""
    training: Training = field(
        default_factory=lambda: Training(epochs=1, batch_size=2, learning_rate=2e-3)
    )

    def __post_init__(self):
        super().__post_init__()
        names = ("train_end", "validation_start", "validation_end", "test_start", "test_end")
        times = {name: months.parse(getattr(self, name), name) for name in names}
        for start, end in (("validation_start", "validation_end"), ("test_start", "test_end")):
            if times[start] > times[end]:
                raise InputError(f"settings: expected {start} before {end}, got the reverse")
        if times["train_end"] >= times["validation_start"] and self.training.keep == "best":
            raise InputError(
                "settings: expected train_end before validation_start, got "
                f"{self.train_end} and {self.validation_start}; years that were trained on cannot "
                "choose the best epoch: use --keep last, or train on earlier years"
            )
        _require_positive(self, "minimum_days")
        if self.train_years < 0:
            raise InputError(f"train_years: expected at least 0, got {self.train_years}")

    @property
    def history(self) -> int:
        """Fewest months that a forecast is made from."""
        return LEADS * self.network.history_years

    @property
    def longest_history(self) -> int:
        """Most months that a forecast makes use of."""
        return LEADS * getattr(self.network, "longest_history_years", self.network.history_years)


def _require_positive(settings: Any, *names: str) -> None:
    for name in names:
        if getattr(settings, name) < 1:
            raise InputError(f"{name}: expected at least 1, got {getattr(settings, name)}")


def _require_months(settings: Any) -> None:
    if settings.months > MOST_MONTHS:
        raise InputError(f"months: expected at most {MOST_MONTHS}, got {settings.months}")


def _require_fraction(settings: Any, name: str) -> None:
    if not 0 < getattr(settings, name) <= 1:
        raise InputError(f"{name}: expected a fraction in (0, 1], got {getattr(settings, name)}")
