"""Writes the products of forecasts: one from the data's last month, or hindcasts of many inits."""

import logging
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

import numpy as np

from seaice_tf.files import atomic
from seaice_tf.forecast import members
from seaice_tf.forecast.cases import Context, PredictOptions
from seaice_tf.forecast.data import counts, regions
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.products import dates, hindcasts, outlook, outputs
from seaice_tf.forecast.scores import ice_edge
from seaice_tf.forecast.verification import decision
from seaice_tf.task import Case, Pairs

OBSERVED_YEARS = 3  # of the outlook's plot
Fields = Mapping[str, np.ndarray]

log = logging.getLogger(__name__)


def write(pairs: Pairs, out: Path, model: str, options: PredictOptions | None = None) -> list[Path]:
    """Write the products of all cases.

    Args:
        pairs: cases and their fields, one at a time.
        out: folder.
        model: name of the model.
        options: of `predict`.

    Returns:
        The files written.
    """
    options = options or PredictOptions()
    if options.first_init:
        return _write_hindcasts(pairs, out, model, options)
    written: list[Path] = []
    for case, fields in pairs:
        written += _write_forecast(case, fields, out, model, options)
    return written


def _write_forecast(
    case: Case, fields: Fields, out: Path, model: str, options: PredictOptions
) -> list[Path]:
    context = case.context
    land, source = counts.land(context.past[-1]), f"{model} from {context.source}"
    fields = dict(fields)
    quantiles, of_members = (fields.pop(n, None) for n in ("quantiles", "member_quantiles"))
    written = outputs.write(
        *(out, context.months, fields, decision(fields), land, source),
        *(context.citation, context.grid),
    )
    if quantiles is None:
        _warn_of_missing("outlook.csv, outlook.png, dates.png", model, options)
        return written
    maps = _members(quantiles, context)
    rows = _outlook(maps, context, options)
    hemisphere = context.grid.name
    written += outlook.write(out, rows, hemisphere, _observed_extents(context), source)
    print(outlook.summary(rows, hemisphere, source))
    last = _last(context.past)
    written.append(dates.write(out / "dates.png", maps, last, land, source, context.grid))
    if of_members is not None:
        maps, path = _members(of_members, context), out / "members.nc"
        with hindcasts.writer(
            path, context.grid, land, source, context.citation, len(maps)
        ) as save:
            save(context.months[0] - 1, fields | {"members": maps})
        written.append(path)
    return written


def _write_hindcasts(pairs: Pairs, out: Path, model: str, options: PredictOptions) -> list[Path]:
    rows: list[outlook.Row] = []
    iterator = iter(pairs)
    first = next(iterator)
    context = first[0].context
    land, source = counts.land(context.past[-1]), f"{model} from {context.source}"
    path = out / "hindcasts.nc"
    number = len(first[1].get("member_quantiles", ()))
    if "quantiles" not in first[1]:
        _warn_of_missing("outlook.csv", model, options)
    with hindcasts.writer(path, context.grid, land, source, context.citation, number) as save:
        for case, fields in chain([first], iterator):
            init, kept = case.context.months[0] - 1, dict(fields)
            if "quantiles" in kept:
                maps = _members(kept.pop("quantiles"), case.context)
                rows += _outlook(maps, case.context, options)
            if "member_quantiles" in kept:
                kept["members"] = _members(kept.pop("member_quantiles"), case.context)
            save(init, kept)
    if not rows:
        return [path]
    return [path, atomic.write_text(out / "outlook.csv", outlook.to_csv(rows, source))]


def _warn_of_missing(products: str, model: str, options: PredictOptions) -> None:
    more = " and members" if options.members else ""
    log.warning(
        "%s: %s%s are not written: expected a forecast with quantiles, of each run of an ensemble, "
        "got none; use runs of the networks distribution, anomaly_codes or anomaly_crops",
        *(model, products, more),
    )


def _members(quantiles: np.ndarray, context: Context) -> np.ndarray:
    """(members, 12, rows, columns) fractions."""
    pattern = members.templates(context.past, len(quantiles), context.member_seed)
    return members.shuffle(quantiles, pattern)


def _outlook(maps: np.ndarray, context: Context, options: PredictOptions) -> list[outlook.Row]:
    grid = context.grid
    masks = regions.of_grid(grid, Path(options.regions) if options.regions else None)
    return outlook.table(context.months, maps, grid.cell_area(), grid.name, masks)


def _last(past: np.ndarray) -> np.ndarray:
    """The last month observed as fractions, flagged cells 0."""
    filled = counts.fill_hole(past[-1])
    return np.where(counts.flagged(filled), 0, filled / FULL_ICE)


def _observed_extents(context: Context) -> tuple[np.ndarray, np.ndarray]:
    """Months and extents of the last years, the pole hole counted as ice."""
    recent = context.past[-12 * OBSERVED_YEARS :]
    ice = ((recent >= counts.ICE_EDGE) & ~counts.flagged(recent)) | (recent == counts.POLE_HOLE)
    area = context.grid.cell_area()
    first = context.months[0] - len(recent)
    return first + np.arange(len(recent)), ice_edge.extent(ice.astype(float), area)
