"""The nowcast as methods of pysteps: optical flow, extrapolation, and a released model.

>>> from seaice_tf.nowcast import pysteps  # doctest: +SKIP
>>> pysteps.register()  # doctest: +SKIP
>>> nowcast = pysteps_nowcasts.get_method("seaice_tf")  # doctest: +SKIP
>>> frames = nowcast(past, None, 24)  # doctest: +SKIP

pysteps is the extra `pysteps`: Pulkkinen et al. 2019, doi:10.5194/gmd-12-4185-2019. Its fields are
(T, m, n), its velocities (2, m, n) with the columns first, in pixels per time step.
"""

from collections.abc import Sequence
from numbers import Integral
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.lazy import function
from seaice_tf.nowcast import images
from seaice_tf.nowcast.data import units
from seaice_tf.nowcast.data.fill import unmasked
from seaice_tf.nowcast.data.layout import FRAMES_OUT, MIN_FRAMES

NAME = "seaice_tf"
flow_of = function("seaice_tf.nowcast.extrapolation", "flow")
advect = function("seaice_tf.nowcast.extrapolation", "advect")
RELEASED = Path(__file__).parents[1] / "saved_models/nowcast/released"
Steps = int | Sequence[int]


def register() -> None:
    """Add the methods to the interfaces of pysteps.

    "seaice_tf" is then a method of motion and of nowcasts, and "seaice_tf_advection" one of
    nowcasts.

    Raises:
        InputError: pysteps is not installed.
    """
    try:
        from pysteps.motion import interface as motion
        from pysteps.nowcasts import interface as nowcasts
    except ImportError as error:
        raise InputError(
            "pysteps: expected the package, got none; pip install seaice_tf[pysteps]"
        ) from error
    motion._methods[NAME] = oflow
    nowcasts._nowcast_methods[NAME] = forecast
    nowcasts._nowcast_methods[f"{NAME}_advection"] = advection


def oflow(input_images: np.ndarray, **options) -> np.ndarray:
    """Motion field of the last images, as `pysteps.motion` gives it.

    Args:
        input_images: (T, m, n), two or more; NaN is unknown.
        options: of `nowcast.flow`.

    Returns:
        (2, m, n): along the columns, then down the rows, in pixels per time step.
    """
    return np.moveaxis(flow_of(unmasked(input_images), **options), -1, 0)[::-1]


def advection(precip: np.ndarray, velocity: np.ndarray, timesteps: Steps, **_) -> np.ndarray:
    """Extrapolation of the last field, each pixel of which keeps its own velocity.

    Args:
        precip: (m, n), or (T, m, n) of which the last is taken.
        velocity: (2, m, n) as `oflow` gives it.
        timesteps: number of steps, or a list of them.

    Returns:
        (steps, m, n), NaN where a pixel comes from outside.
    """
    values = unmasked(precip)
    last = values if values.ndim == 2 else values[-1]
    motion = np.moveaxis(np.asarray(velocity, np.float32)[::-1], 0, -1)
    number, chosen = _steps(timesteps)
    return advect(last[None], number, flow=motion)[chosen]


def forecast(
    precip: np.ndarray,
    velocity: np.ndarray | None,
    timesteps: Steps,
    *,
    run: str | Path = "",
    value_range: tuple[float, float] | None = None,
    **_,
) -> np.ndarray:
    """Nowcast by a trained model, which computes its own flow.

    Args:
        precip: (T, m, n), 4 to 12 fields, the latest last; NaN is unknown.
        velocity: not used.
        timesteps: number of steps, or a list of them, up to 24.
        run: folder of a run; empty for the released model.
        value_range: values that stand for 0 and 1023 counts, by default the range of the fields
            with a margin; give it for forecasts that have to be comparable.

    Returns:
        (steps, m, n), NaN where a pixel comes from outside of the image.

    Raises:
        InputError: more than 24 steps, or too few fields.
    """
    number, chosen = _steps(timesteps)
    if number > FRAMES_OUT:
        raise InputError(
            f"timesteps: expected up to {FRAMES_OUT}, got {number}; use {NAME}_advection"
        )
    values = unmasked(precip)
    if values.ndim != 3:
        raise InputError(
            f"precip: expected fields (T, m, n), the latest last, got {values.shape}; stack "
            f"{MIN_FRAMES} or more of them"
        )
    limits = value_range or _range(values)
    found = images.forecast(
        units.to_counts(values, limits), images.load(Path(run) if run else RELEASED)
    )
    frames = np.where(found["known"], found["frames"], np.nan)
    return units.from_counts(frames, limits)[chosen]


def _steps(timesteps: Steps) -> tuple[int, list[int]]:
    """Number of leads to compute, and the indices of those that are wanted."""
    if isinstance(timesteps, Integral) and int(timesteps) >= 1:
        return int(timesteps), list(range(int(timesteps)))
    steps = np.ravel(timesteps).tolist()
    if not np.ndim(timesteps) or not steps or any(step != int(step) or step < 1 for step in steps):
        raise InputError(
            f"timesteps: expected whole steps from 1 on, or their number, got {timesteps}; give "
            "others"
        )
    return int(max(steps)), [int(step) - 1 for step in steps]


def _range(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        raise InputError("precip: expected known values, got none; give other fields")
    return units.with_margin(float(known.min()), float(known.max()))
