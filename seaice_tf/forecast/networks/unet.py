"""U-Net that forecasts 12 months as a correction of climatology, for a history of raw counts."""

from collections.abc import Sequence

from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.forecast.data.counts import require_pole_hole_fill
from seaice_tf.forecast.networks.history import Correct, IceHistory, PoleHoleFill
from seaice_tf.networks.arguments import require_sizes
from seaice_tf.networks.blocks import Fold
from seaice_tf.networks.unet import unet_body


def correction_unet(
    rows: int | None,
    columns: int | None,
    *,
    years: int = 10,
    base_years: int = 5,
    filters: Sequence[int] = (8, 16, 16),
    pole_hole_fill: PoleHoleFill = "neighbours",
) -> keras.Model:
    """Build an uncompiled U-Net that corrects the mean of the last `base_years` years.

    The last convolution is initialised with zeros, so that an untrained model forecasts that mean.

    Args:
        rows, columns: size of the grid; None for a side that may vary.
        years: length of the history.
        base_years: years of the mean that is corrected.
        filters: width per level of the U-Net, top first.
        pole_hole_fill: "neighbours" or "image_median", see `counts.fill_hole`.

    Returns:
        A functional model from raw counts with flags, (B, 12 * years, rows, columns) uint8, to
        {"concentration": (B, 12, rows, columns)}, the fractions of the next 12 months.

    Raises:
        InputError: an argument is out of its range.
    """
    require_sizes("correction_unet", rows=rows, columns=columns, years=years, filters=filters)
    require_sizes("correction_unet", base_years=base_years)
    require_pole_hole_fill(pole_hole_fill)
    if base_years > years:
        raise InputError(
            f"correction_unet: base_years: expected at most years, {years}, got {base_years}"
        )
    history = keras.Input((12 * years, rows, columns), dtype="uint8", name="history")
    features, base, sea = IceHistory(years, base_years, pole_hole_fill, name="ice_history")(history)
    x = Fold(name="fold_leads")(features)
    x, _ = unet_body(x, filters)
    change = keras.layers.Conv2D(1, 1, kernel_initializer="zeros", name="correction")(x)
    concentration = Correct(name="concentration", dtype="float32")(change, base, sea)
    return keras.Model(history, {"concentration": concentration}, name="correction_unet")
