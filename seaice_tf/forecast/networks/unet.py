"""Networks that forecast the 12 months after a history of raw counts."""

from collections.abc import Sequence

from tensorflow import keras

from seaice_tf.forecast.networks.history import Correct, IceHistory, SameMonths
from seaice_tf.networks.blocks import Fold, Unfold
from seaice_tf.networks.unet import unet_body


def correction_unet(
    rows: int | None,
    columns: int | None,
    *,
    years: int = 10,
    base_years: int = 5,
    filters: Sequence[int] = (8, 16, 16),
    hole: str = "surroundings",
) -> keras.Model:
    """Build an uncompiled U-Net that corrects the mean of the last `base_years`.

    It starts as that mean: the last convolution starts at zero.

    Args:
        rows, columns: size of the grid; None for a side that may vary.
        years: length of the history.
        base_years: years of the mean that is corrected.
        filters: width per level of the U-Net, top first.
        hole: how the pole hole is filled, "surroundings" or "median".

    Returns:
        A functional model from raw counts with flags, (B, 12 * years, rows, columns) uint8, to
        {"concentration": (B, 12, rows, columns)}, the fractions of the next 12 months.
    """
    history = keras.Input((12 * years, rows, columns), dtype="uint8", name="history")
    features, base, sea = IceHistory(years, base_years, hole, name="ice_history")(history)
    x = Fold(name="fold_leads")(features)
    x, _ = unet_body(x, filters)
    change = keras.layers.Conv2D(1, 1, kernel_initializer="zeros", name="correction")(x)
    concentration = Correct(name="concentration", dtype="float32")(change, base, sea)
    return keras.Model(history, {"concentration": concentration}, name="correction_unet")


def year_from_sequences(
    sequence_model: keras.Model,
    rows: int,
    columns: int,
    *,
    years: int = 5,
    hole: str = "median",
) -> keras.Model:
    """Build an uncompiled forecast of a year from a model of one calendar month at a time.

    Args:
        sequence_model: from the same month of the years before, (B, years, rows, columns), oldest
            first, to that of the next year, (B, rows, columns), fractions: of models.sequences
            (`on_images`) or models.crops (`on_grid`). It becomes part of the forecast, which
            shares its weights.
        rows, columns: size of the grid.
        years: length of the history.
        hole: how the pole hole is filled, "surroundings" or "median".

    Returns:
        A functional model from raw counts with flags, (B, 12 * years, rows, columns) uint8, to
        {"concentration": (B, 12, rows, columns)}, the fractions of the next 12 months.
    """
    history = keras.Input((12 * years, rows, columns), dtype="uint8", name="history")
    same_months, sea = SameMonths(years, hole, name="same_months")(history)
    x = sequence_model(Fold(name="fold_leads")(same_months))
    x = Unfold(12, name="unfold_leads")(x)
    concentration = keras.layers.Multiply(name="concentration")([x, sea])
    return keras.Model(history, {"concentration": concentration}, name="year_from_sequences")
