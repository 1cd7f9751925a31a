"""Settings of the forecast."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import months
from seaice_tf.forecast.data.archive import MINIMUM_DAYS
from seaice_tf.forecast.networks import autoencoder, crops, sequences
from seaice_tf.settings import Training

LEADS = 12  # months ahead
VARIANTS: dict[str, dict[str, Callable]] = {
    "autoencoder": autoencoder.VARIANTS,
    "sequence": sequences.VARIANTS,
    "crops": crops.VARIANTS,
}


@dataclass(frozen=True)
class Settings:
    """Settings of the forecast."""

    data: str = ""
    """Folder of sea-ice concentration files of one kind: NSIDC-0051 v1.1 or v2, monthly or daily,
    the contest's arrays, or the climate data record G02202 v4; empty: $SEAICE_TF_DATA/nsidc0051,
    and without that variable a synthetic archive."""
    minimum_days: int = MINIMUM_DAYS
    """Days with data that a month of daily files must have; half before 1987-08, when the sensor
    was on every other day."""
    train_last: str = "2006-12"
    """Last month to train on."""
    last_years: int = 0
    """Train on forecasts of the last so many years only; 0 for all."""
    validation_first: str = "2007-01"
    validation_last: str = "2009-12"
    test_first: str = "2010-01"
    test_last: str = "2012-12"
    network: Literal["distribution", "unet", "autoencoder", "sequence", "crops"] = "distribution"
    """Classes of concentration cell by cell; a U-Net that corrects a mean; an autoencoder of single
    months, which forecasts last year's; a model of the autoencoder's codes; a model of crops."""
    variant: str = ""
    """autoencoder, sequence, crops: which, by its name in docs/forecast_models.md; empty: the
    best of the original's tables."""
    hole: Literal["surroundings", "median"] = "surroundings"
    """What fills the pole hole: the median of the cells around it, or of the month's image."""

    members: int = 3
    """distribution: networks whose probabilities are averaged."""
    width: int = 64
    """distribution: of the hidden layers."""
    cells: float = 0.25
    """distribution: share of the cells of each month to train on."""

    years: int = 10
    """unet: length of the history in years."""
    base_years: int = 5
    """unet: years of the mean that is corrected."""
    origins: Literal["december", "every_month"] = "every_month"
    """unet: train on forecasts issued at the end of each December, or of every month."""
    filters: tuple[int, ...] = (16, 16)
    """unet: width per level, top first."""
    loss: Literal["absolute_error", "squared_error", "contest_error"] = "contest_error"
    """unet: loss."""
    crop: int = 64
    """unet: side in cells of the windows to train on, at random places; 0 for whole grids."""
    flip: bool = False
    """unet: mirror training maps at random."""

    code: int = autoencoder.CODE
    """autoencoder: length of the code."""
    autoencoder: str = ""
    """sequence: folder of the run of the autoencoder whose codes it continues."""
    freeze: bool = True
    """sequence: leave the autoencoder as it is, and train on its codes alone."""
    sequence_years: int = 5
    """sequence, crops: years of the same calendar month to forecast from."""
    crop_share: float = 0.1
    """crops: share of the crops of each month to train on."""

    training: Training = field(
        default_factory=lambda: Training(epochs=2, batch_size=1, learning_rate=2e-3)
    )

    def __post_init__(self):
        names = ("train_last", "validation_first", "validation_last", "test_first", "test_last")
        times = {name: months.parse(getattr(self, name)) for name in names}
        for first, last in (("validation_first", "validation_last"), ("test_first", "test_last")):
            if times[first] > times[last]:
                raise InputError(f"settings: expected {first} before {last}, got the reverse")
        if times["train_last"] >= times["validation_first"] and self.training.keep == "best":
            raise InputError(
                "settings: expected train_last before validation_first, got "
                f"{self.train_last} and {self.validation_first}; years that were trained on cannot "
                "choose the best epoch: use --keep last, or train on earlier years"
            )
        if not 1 <= self.base_years <= self.years or self.crop < 0:
            raise InputError("settings: expected 1 <= base_years <= years and crop of 0 or more")
        if self.minimum_days < 1:
            raise InputError(
                f"settings: expected minimum_days of at least 1, got {self.minimum_days}"
            )
        if not self.filters or min(*self.filters, self.members, self.width, self.code) < 1:
            raise InputError("settings: expected filters, members, width and code of at least 1")
        for name in ("cells", "crop_share"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"{name}: expected a share in (0, 1], got {getattr(self, name)}")
        if self.last_years < 0 or self.sequence_years < 1:
            raise InputError("settings: expected last_years >= 0 and sequence_years >= 1")
        if self.variant and self.variant not in VARIANTS.get(self.network, ()):
            known = ", ".join(VARIANTS.get(self.network, ())) or "none"
            raise InputError(
                f"variant: expected one of {self.network} ({known}), got {self.variant!r}"
            )

    @property
    def history(self) -> int:
        """Months that a forecast is made from."""
        years = {"distribution": 10, "unet": self.years, "autoencoder": 1}
        return LEADS * years.get(self.network, self.sequence_years)
