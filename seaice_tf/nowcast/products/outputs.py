"""Files that are written: predictions.npz, netCDF, pictures and GIFs; the flow of two images."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from seaice_tf import progress
from seaice_tf.files import atomic
from seaice_tf.files.maps import pixels
from seaice_tf.nowcast.data import climatehack
from seaice_tf.nowcast.data.layout import CENTRE, FRAMES_OUT, TARGET
from seaice_tf.nowcast.products import image_files, maps, netcdf
from seaice_tf.nowcast.scores.ms_ssim import ms_ssim
from seaice_tf.task import Case, Maps, Pairs, PredictOptions

DRAWN = 3  # windows; the files have all of them
SHAPE = (FRAMES_OUT, TARGET, TARGET)


def write(pairs: Pairs, out: Path, model: str, options: PredictOptions | None = None) -> list[Path]:
    """Write the files of whole images, of windows or of two images.

    Of a whole image those of `image_files`; of windows predictions.npz, nowcast.nc, a sheet and
    the flow of some, a GIF of the first; of two images flow.npz and flow.png. Windows that are
    left out of a ClimateHack.AI file are rows of NaN, so that the others keep their places.

    Args:
        pairs: cases with their maps.
        out: folder.
        model: name for captions and attributes.
        options: of `predict`, which say nothing about the files.
    """
    cases: list[Case] = []
    drawn: list[Maps] = []
    written: list[Path] = []
    with tempfile.TemporaryFile() as spool:  # the windows of a file may exceed the memory
        for case, fields in pairs:
            if "frames" not in fields:
                return _write_flow(out, case, fields["flow"], model)
            if case.context.image is not None:
                written += image_files.write(case, fields, out, model)
                continue
            _spool(spool, case, len(cases) + 1, fields["frames"])
            if len(drawn) < DRAWN:
                drawn.append(fields)
            cases.append(case)
        if cases:
            with progress.step("writing windows"):
                written += _write_windows(spool, cases, out, model)
            for case, fields in progress.track(list(zip(cases, drawn)), "drawing windows"):
                written += _draw(out / case.name, case, fields, model, moving=case is cases[0])
    return written


def _spool(spool: BinaryIO, case: Case, number: int, frames: np.ndarray) -> None:
    """Append a window, after rows of NaN for those of its file that were left out."""
    row = case.context.row[0] + 1 if case.context.row else number
    size = 4 * int(np.prod(SHAPE))
    while spool.tell() < (row - 1) * size:
        spool.write(np.full(SHAPE, np.nan, "<f4").tobytes())
    spool.write(frames.astype("<f4").tobytes())


def _write_windows(spool: BinaryIO, cases: list[Case], out: Path, model: str) -> list[Path]:
    number = _number(cases)
    while spool.tell() < number * 4 * int(np.prod(SHAPE)):
        spool.write(np.full(SHAPE, np.nan, "<f4").tobytes())
    predictions = climatehack.write(out / "predictions.npz", number, _frames(spool))
    complete = number == len(cases)
    dataset = netcdf.write(
        out / "nowcast.nc",
        number,
        _frames(spool),
        f"{model} on {cases[0].context.source}",
        _joined([case.context.centre_osgb() if complete else None for case in cases]),
        _joined([case.context.last for case in cases]),
        step=cases[0].context.step,
    )
    return [predictions, dataset]


def _number(cases: list[Case]) -> int:
    row = cases[-1].context.row
    return row[1] if row else len(cases)


def _frames(spool: BinaryIO) -> Iterator[np.ndarray]:
    spool.seek(0)
    while content := spool.read(4 * int(np.prod(SHAPE))):
        yield np.frombuffer(content, "<f4").reshape(SHAPE)


def _joined(values: list[Any]) -> np.ndarray | None:
    return None if any(value is None for value in values) else np.stack(values)


def _draw(stem: Path, case: Case, fields: Maps, model: str, moving: bool) -> list[Path]:
    context, frames = case.context, fields["frames"]
    caption = f"{case.name}: {model} on {context.source}"
    centre, known = context.past[:, CENTRE, CENTRE], context.known
    picture, minutes = stem.with_name(f"{stem.name}.png"), context.minutes
    flow = stem.with_name(f"{stem.name}_flow.png")
    written = [
        maps.write_sheet(picture, caption, centre, frames, case.truth, known, minutes=minutes),
        maps.write_flow(flow, caption, context.past[-1], fields["flow"]),
    ]
    if moving:
        panels = {"forecast": frames}
        if case.truth is not None:
            panels = {"truth": case.truth[known], "forecast": frames[: known.sum()]}
        film = stem.with_name(f"{stem.name}.gif")
        written.append(maps.animate(film, centre, panels, caption, minutes=minutes))
    return written


def _write_flow(out: Path, case: Case, flow: np.ndarray, model: str) -> list[Path]:
    path = out / "flow.npz"
    with atomic.file(path) as temporary:
        np.savez(temporary, flow=flow)
    caption = f"{case.context.source}: pixels from the first image to the second"
    return [path, maps.write_flow(out / "flow.png", caption, case.context.past[-1], flow)]


def verify(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """Draw a sheet and the flow of the windows with the lowest MS-SSIM, a GIF of the lowest."""
    worst: list[tuple[float, int, Case, Maps]] = []
    for i, (case, fields) in enumerate(pairs):
        known = case.context.known
        value = float(ms_ssim(case.truth[known], fields["frames"][known]).mean())
        worst = sorted([*worst, (value, i, case, fields)], key=lambda row: row[:2])[:DRAWN]
    return [
        path
        for rank, (_, _, case, fields) in enumerate(worst)
        for path in _draw(out / case.name, case, fields, model, moving=not rank)
    ]


def pictures(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """Sheet and flow of a window, for TensorBoard."""
    context, frames = case.context, fields["frames"]
    centre = context.past[:, CENTRE, CENTRE]
    sheet = maps.sheet(
        "training", centre, frames, case.truth, context.known, minutes=context.minutes
    )
    flow = maps.flow_figure("training", context.past[-1], fields["flow"])
    return {"nowcast/frames": pixels(sheet), "nowcast/flow": pixels(flow)}
