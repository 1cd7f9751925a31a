"""Does the forecast of the whole image score better in its windows than that of each window?

The windows of the last 20 % of the columns are forecast one by one, and cut from the forecast of
the whole image at the same time, whose flow and advection know what surrounds them. Beside them the
extrapolation of the whole image: ours, and, where pysteps is installed, its Lucas-Kanade flow with
semi-Lagrangian extrapolation. Real data with SEAICE_TF_DATA, synthetic without; five minutes.

Usage: python experiments/nowcast_images.py [RUN]
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from seaice_tf import nowcast
from seaice_tf.grids.windows import Window, whole
from seaice_tf.nowcast import examples, images
from seaice_tf.nowcast.data import layout
from seaice_tf.nowcast.data.layout import FRAMES_IN, FRAMES_OUT, MARGIN, TARGET
from seaice_tf.nowcast.scores import frame_scores
from seaice_tf.nowcast.settings import Settings
from seaice_tf.runs import folder
from seaice_tf.tasks import TASKS

RUN = Path("saved_models/nowcast/candidate")
LEADS = (1, 3, 6, 9, 12)
Forecast = Callable[[np.ndarray], np.ndarray]  # (12, H, W) -> (24, H, W)


def extrapolated(past: np.ndarray) -> np.ndarray:
    """The extrapolation of the whole image along our flow."""
    return _without_nan(nowcast.advect(past, FRAMES_OUT), past)


def by_pysteps(past: np.ndarray) -> np.ndarray:
    """Semi-Lagrangian extrapolation along the Lucas-Kanade flow of pysteps."""
    from pysteps import motion, nowcasts

    velocity = motion.get_method("lucaskanade")(past[-4:])
    extrapolate = nowcasts.get_method("extrapolation")
    return _without_nan(extrapolate(past[-1], velocity, FRAMES_OUT), past)


def _without_nan(frames: np.ndarray, past: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(frames), frames, past[-1])


def forecasts(run: Path) -> dict[str, Forecast]:
    """Forecasts of a whole image by name."""
    serve = images.load(run)
    found: dict[str, Forecast] = {
        f"{run.name}, whole image": lambda past: images.forecast(past, serve)["frames"],
        "extrapolation, whole image": extrapolated,
    }
    try:
        import pysteps  # noqa: F401

        found["pysteps: Lucas-Kanade, semi-Lagrangian"] = by_pysteps
    except ImportError:
        print("without pysteps: pip install '.[pysteps]'")
    return found


def target(window: Window) -> tuple[slice, slice]:
    """Index of the target of a window in the image."""
    top, left = window.top + MARGIN, window.left + MARGIN
    return slice(top, top + TARGET), slice(left, left + TARGET)


def scored(run: Path) -> Iterator[tuple[str, list[str], list[frame_scores.LeadScores]]]:
    """Name, places and scores of each forecast."""
    settings = Settings()
    trained = folder.open_run(run, TASKS["nowcast"])
    if trained.train_fraction + trained.validation_fraction > 0.8:
        print(f"{run} has seen some of these windows: compare its rows with each other only")
    found = examples.evaluation_source(settings)
    serve = images.load(run)
    every = forecasts(run)
    scores: dict[str, list] = {name: [] for name in (f"{run.name}, windows", *every)}
    places = []
    for each in found.sequences:
        chosen = examples.places(settings, each, examples.region(settings, each, "test"))
        for start in sorted({place.start for place in chosen}):
            past = each.read(start, FRAMES_IN, whole(each.shape)).astype(np.float32)
            later = {name: forecast(past) for name, forecast in every.items()}
            for place in (place for place in chosen if place.start == start):
                window, truth, known = layout.split(place.read())
                batch = window[None].astype(np.float32)
                frames = {name: f[:, *target(place.window)] for name, f in later.items()}
                frames[f"{run.name}, windows"] = serve(batch)["frames"][0]
                for name, pred in frames.items():
                    scores[name].append(frame_scores.of_window(truth, pred, known))
                places.append(str(place.window))
    for name, windows in scores.items():
        yield name, places, windows


def main() -> None:
    run = Path(sys.argv[1]) if len(sys.argv) > 1 else RUN
    heads = " | ".join(f"+{5 * lead} min" for lead in LEADS)
    print(f"| | all leads | 95 % interval | {heads} | MAE |")
    print("|---" * (len(LEADS) + 4) + "|")
    for name, places, windows in scored(run):
        low, high = frame_scores.interval(places, windows)
        mean = frame_scores.mean_scores(windows)
        by_lead = frame_scores.by_lead(windows)["ms_ssim"]
        cells = " | ".join(f"{by_lead[lead - 1]:.3f}" for lead in LEADS)
        print(
            f"| {name} | {mean['ms_ssim']:.4f} | {low:.3f} to {high:.3f} | {cells} | "
            f"{mean['mae']:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
