"""Writes the products of forecasts: one from the data's last month, or hindcasts of many inits."""

import logging
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.files import atomic
from seaice_tf.forecast import members
from seaice_tf.forecast.cases import Context, PredictOptions
from seaice_tf.forecast.data import counts, regions
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
        _warn_of_missing("outlook.csv, outlook.png, dates.nc, dates.png", model, options)
        return written
    crossings = dates.Dates(counts.filled_fraction(context.past[-1]))
    rows = _outlook(quantiles, context, options, crossings.add)
    hemisphere = context.grid.name
    written += outlook.write(out, rows, hemisphere, _observed_extents(context), source)
    print(outlook.summary(rows, hemisphere, source))
    written += dates.write(
        *(out, crossings.sorted(), land, context.months),
        *(source, context.citation, context.grid),
    )
    if of_members is not None:
        path, number = out / "members.nc", len(of_members)
        each = members.of_forecast_by_lead(of_members, context.past, context.member_seed)
        with hindcasts.writer(path, context.grid, land, source, context.citation, number) as save:
            save(context.months[0] - 1, fields | {"members": each})
        written.append(path)
    return written


def _write_hindcasts(pairs: Pairs, out: Path, model: str, options: PredictOptions) -> list[Path]:
    rows: list[outlook.Row] = []
    iterator = iter(pairs)
    held = [next(iterator)]  # one at a time, which is gone before the next is made
    (case, fields), path = held[0], out / "hindcasts.nc"
    context, number = case.context, len(fields.get("member_quantiles", ()))
    if "quantiles" not in fields:
        _warn_of_missing("outlook.csv", model, options)
    del fields
    land, source = counts.land(context.past[-1]), f"{model} from {context.source}"
    with hindcasts.writer(path, context.grid, land, source, context.citation, number) as save:
        while held:
            rows += _write_hindcast(*held.pop(), save, options)
            held += islice(iterator, 1)
    if not rows:
        return [path]
    return [path, atomic.write_text(out / "outlook.csv", outlook.to_csv(rows, source))]


def _write_hindcast(
    case: Case, fields: Fields, save: hindcasts.Write, options: PredictOptions
) -> list[outlook.Row]:
    kept, context = dict[str, Any](fields), case.context
    quantiles, of_members = (kept.pop(n, None) for n in ("quantiles", "member_quantiles"))
    if of_members is not None:
        kept["members"] = members.of_forecast_by_lead(of_members, context.past, context.member_seed)
    save(context.months[0] - 1, kept)
    if quantiles is None:
        return []
    return _outlook(quantiles, context, options)


def _warn_of_missing(products: str, model: str, options: PredictOptions) -> None:
    more = " and members" if options.members else ""
    log.warning(
        "%s: %s%s are not written: expected a forecast with quantiles, of each run of an ensemble, "
        "got none; use runs of the networks distribution, anomaly_codes or anomaly_crops",
        *(model, products, more),
    )


def _outlook(
    quantiles: np.ndarray,
    context: Context,
    options: PredictOptions,
    look: Callable[[np.ndarray], None] = lambda month: None,
) -> list[outlook.Row]:
    """Rows of the outlook; `look` sees the members of each month, which are not kept."""
    grid, area, by_lead = context.grid, context.grid.cell_area(), []
    masks = regions.of_grid(grid, Path(options.regions) if options.regions else None)
    each = members.of_forecast_by_lead(quantiles, context.past, context.member_seed)
    for month, own in zip(context.months, each):
        by_lead.append(outlook.sums(month, own, area, grid.name, masks))
        look(own)
    return outlook.table(context.months, by_lead)


def _observed_extents(context: Context) -> tuple[np.ndarray, np.ndarray]:
    """Months and extents of the last years, the pole hole counted as ice."""
    recent = context.past[-12 * OBSERVED_YEARS :]
    ice = ((recent >= counts.ICE_EDGE) & ~counts.flagged(recent)) | (recent == counts.POLE_HOLE)
    area = context.grid.cell_area()
    first = context.months[0] - len(recent)
    return first + np.arange(len(recent)), ice_edge.extent(ice.astype(float), area)
