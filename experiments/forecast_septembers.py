"""How good are forecasts of September, from the ends of May to August of 2001 to 2012?

The Arctic network is trained to 2000, 2003, 2006 and 2009, and forecasts the three years after
each. Its expected September extent, as of the Sea Ice Index (less the mean difference of both in
the 15 years before), is compared with the Index, beside statistical forecasts of the Index's extent
from the past alone and the hindcasts of Gregory et al. 2020 (doi:10.1175/WAF-D-19-0107.1). RMSE and
IIEE of the maps are compared with damped anomaly persistence. Real data with SEAICE_TF_DATA; about
half an hour on two cores.

Usage: python experiments/forecast_septembers.py [LAST YEAR OF TRAINING ...]
"""

import csv
import dataclasses
import sys

import numpy as np
from dacon_entry import RUNS, TASK, trained
from forecast_index_offset import ROOT, YEARS, index_extents
from forecast_release import settings_to

from seaice_tf import progress
from seaice_tf.forecast.data.counts import ICE_EDGE, POLE_HOLE, flagged
from seaice_tf.forecast.examples import archive
from seaice_tf.forecast.scores import hindcasts
from seaice_tf.forecast.settings import Settings
from seaice_tf.forecast.verification import add_maps, damped_anomaly_persistence
from seaice_tf.runs import artifact

ENDS = (2000, 2003, 2006, 2009)
YEARS_AHEAD = 3
INITS = {5: "june_1", 6: "july_1", 7: "august_1", 8: "september_1"}  # months that end before it
SEPTEMBER = 9


Extents = dict[int, dict[int, float]]  # by month and year, million km2


def observed() -> tuple[Extents, Extents]:
    """Extents of the Index, which are means of daily ones, and those of the monthly maps."""
    index = {month: index_extents("N", month) for month in (*INITS, SEPTEMBER)}
    record = archive(Settings())
    ice = (record.counts >= ICE_EDGE) & (record.counts <= POLE_HOLE)
    extent = (ice * record.grid.cell_area()).sum(axis=(1, 2)) / 1e6
    maps: Extents = {month: {} for month in index}
    for i, value in enumerate(extent):
        year, month = map(int, str(record.first + i).split("-"))
        if month in maps and not flagged(record.counts[i]).all():
            maps[month][year] = float(value)
    return index, maps


def trend(years: np.ndarray, values: np.ndarray, year: int) -> float:
    return float(np.polyval(np.polyfit(years, values, 1), year))


def damped(september: dict[int, float], before: dict[int, float], year: int) -> float:
    """Trend of September and the damped anomaly of the last month, both from the past alone."""
    years = np.array([y for y in september if y < year and y in before])
    x, y = (np.array([by[int(i)] for i in years]) for by in (before, september))
    base, expected = trend(years, y, year), trend(years, x, year)
    x, y = (v - np.polyval(np.polyfit(years, v, 1), years) for v in (x, y))
    return base + (x * y).sum() / (x * x).sum() * (before[year] - expected)


def statistical(index: Extents, maps: Extents, init: int, year: int) -> dict[str, float]:
    """Forecasts of one September of the Index from the extents before it, by name."""
    years = np.array([y for y in index[SEPTEMBER] if y < year])
    september = np.array([index[SEPTEMBER][y] for y in years])
    return {
        "September of the year before": september[-1],
        "5-year climatology": september[-5:].mean(),
        "linear trend": trend(years, september, year),
        "trend + damped anomaly": damped(index[SEPTEMBER], index[init], year),
        "... of the extent of monthly maps": damped(index[SEPTEMBER], maps[init], year),
    }


def published() -> Extents:
    """The hindcasts of Gregory et al. by init and year."""
    (path,) = (ROOT / "september_extent").glob("*.csv")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return {m: {int(r["year"]): float(r[column]) for r in rows} for m, column in INITS.items()}


def network(ends: list[int]) -> tuple[Extents, hindcasts.Totals, hindcasts.Totals]:
    """Expected map extents by init and year, and sums of the network's and the reference's maps."""
    extents: Extents = {init: {} for init in INITS}
    own: hindcasts.Totals = {}
    reference: hindcasts.Totals = {}
    for end in ends:
        run = trained(RUNS / f"arctic-to-{end}-12", settings_to("arctic", f"{end}-12"))
        predict = artifact.predictor(run)
        for year, init in progress.track(
            [(end + 1 + i, init) for i in range(YEARS_AHEAD) for init in INITS], "Septembers"
        ):
            first, last = f"{year}-{init + 1:02}", f"{year}-09"
            options = TASK.verification.options(first, last, init_frequency="monthly")
            case = next(iter(TASK.data.cases(Settings(), options)))
            fields = predict(case)
            area = case.context.grid.cell_area()
            lead = SEPTEMBER - init
            extents[init][year] = float((fields["probability"][lead - 1] * area).sum() / 1e6)
            only = dataclasses.replace(case, truth=case.truth[:lead])
            add_maps(own, only, fields)
            add_maps(reference, only, damped_anomaly_persistence(case))
    return extents, own, reference


def show(title: str, rows: dict[str, list[float]], decimals: int) -> None:
    print("\n" + " | ".join([f"| {title}", *(f"end of month {m}" for m in INITS)]) + " |")
    print("|---" * (len(INITS) + 1) + "|")
    for name, values in rows.items():
        print(" | ".join([f"| {name}", *(f"{value:.{decimals}f}" for value in values)]) + " |")


def main(ends: list[int]) -> None:
    index, maps = observed()
    extents, own, reference = network(ends)
    theirs, truth = published(), index[SEPTEMBER]
    years = [end + 1 + i for end in ends for i in range(YEARS_AHEAD)]

    def offset(year: int) -> float:
        """How much larger the extent of monthly maps was before a year."""
        september = maps[SEPTEMBER]
        before = [y for y in sorted(september) if y < year and y in truth][-YEARS:]
        return float(np.mean([september[y] - truth[y] for y in before]))

    forecasts = {
        "**network**": {m: {y: extents[m][y] - offset(y) for y in years} for m in INITS},
        "Gregory et al. 2020": theirs,
    }
    for name in statistical(index, maps, SEPTEMBER - 1, years[0]):
        forecasts[name] = {
            m: {y: statistical(index, maps, m, y)[name] for y in years} for m in INITS
        }
    own_and_trend = forecasts["**network**"], forecasts["trend + damped anomaly"]
    forecasts["mean of the network and that"] = {
        m: {y: float(np.mean([each[m][y] for each in own_and_trend])) for y in years} for m in INITS
    }
    errors = {
        name: [np.sqrt(np.mean([(by[m][y] - truth[y]) ** 2 for y in years])) for m in INITS]
        for name, by in forecasts.items()
    }
    show(f"RMSE {years[0]}-{years[-1]}, million km2", errors, 2)
    found, other = hindcasts.results(own), hindcasts.results(reference)
    ratios = {
        score: [found[key] / other[key] for key in (f"init_{m:02}_month_09/{score}" for m in INITS)]
        for score in ("rmse", "iiee", "brier")
    }
    show("maps, ratio to damped anomaly persistence", ratios, 3)
    yearly = {
        f"{year}: {truth[year]:.2f} observed": [forecasts["**network**"][m][year] for m in INITS]
        for year in years
    }
    show("forecasts of the network, million km2", yearly, 2)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(ENDS))
