"""What is written: the contest's file, netCDF, pictures and GIFs; the flow of two images."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from seaice_tf.files import atomic, maps
from seaice_tf.nowcast.data import climatehack_writer
from seaice_tf.nowcast.data.layout import CENTRE, FRAMES_OUT, TARGET
from seaice_tf.nowcast.products import flow_maps
from seaice_tf.nowcast.products import maps as frame_maps
from seaice_tf.nowcast.products import netcdf as nowcast_netcdf
from seaice_tf.nowcast.scores.ms_ssim import ms_ssim
from seaice_tf.task import Case, Maps, Pairs, PredictOptions

DRAWN = 3  # windows that are drawn; the files have all
SHAPE = (FRAMES_OUT, TARGET, TARGET)


def write(pairs: Pairs, out: Path, model: str, options: PredictOptions | None = None) -> list[Path]:
    """predictions.npz, nowcast.nc, a sheet and the flow of the first windows, a GIF of the first.

    Of two images flow.npz and flow.png instead.
    """
    seen: list[Case] = []
    drawn: list[Maps] = []
    with tempfile.TemporaryFile() as spool:  # of a whole image there may be more than memory holds
        for case, fields in pairs:
            if "frames" not in fields:
                return _write_flow(out, case, fields["flow"], model)
            spool.write(fields["frames"].astype("<f4").tobytes())
            if len(drawn) < DRAWN:
                drawn.append(fields)
            seen.append(case)
        number = len(seen)
        contest = climatehack_writer.write(out / "predictions.npz", number, _frames(spool))
        netcdf = nowcast_netcdf.write(
            out / "nowcast.nc",
            number,
            _frames(spool),
            f"{model} on {seen[0].context.source}",
            _joined([case.context.centre_osgb() for case in seen]),
            _joined([case.context.last for case in seen]),
        )
    written = [contest, netcdf]
    for case, fields in zip(seen, drawn):
        written += _draw(out / case.name, case, fields, model, moving=case is seen[0])
    return written


def _frames(spool: BinaryIO) -> Iterator[np.ndarray]:
    spool.seek(0)
    while content := spool.read(4 * int(np.prod(SHAPE))):
        yield np.frombuffer(content, "<f4").reshape(SHAPE)


def _joined(values: list[Any]) -> np.ndarray | None:
    return None if any(value is None for value in values) else np.stack(values)


def _draw(stem: Path, case: Case, fields: Maps, model: str, moving: bool) -> list[Path]:
    past, caption = case.context.past, f"{case.name}: {model} on {case.context.source}"
    centre, frames = past[:, CENTRE, CENTRE], fields["frames"]
    known = case.context.known
    written = [
        frame_maps.write(stem.with_suffix(".png"), caption, centre, frames, case.truth, known),
        flow_maps.write(stem.with_name(f"{stem.name}_flow.png"), caption, past[-1], fields["flow"]),
    ]
    if moving:
        panels = {"forecast": frames}
        if case.truth is not None:
            panels = {"truth": case.truth[known], "forecast": frames[: known.sum()]}
        written.append(frame_maps.animate(stem.with_suffix(".gif"), centre, panels, caption))
    return written


def _write_flow(out: Path, case: Case, flow: np.ndarray, model: str) -> list[Path]:
    path = out / "flow.npz"
    with atomic.file(path) as temporary:
        np.savez(temporary, flow=flow)
    caption = f"{case.context.source}: pixels from the first image to the second"
    return [path, flow_maps.write(out / "flow.png", caption, case.context.past[-1], flow)]


def verify(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """A sheet and the flow of the windows with the lowest MS-SSIM, a GIF of the lowest."""
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
    """Frames and flow of a window, for TensorBoard."""
    context, frames = case.context, fields["frames"]
    centre = context.past[:, CENTRE, CENTRE]
    sheet = frame_maps.sheet("training", centre, frames, case.truth, context.known)
    flow = flow_maps.figure("training", context.past[-1], fields["flow"])
    return {"nowcast/frames": maps.pixels(sheet), "nowcast/flow": maps.pixels(flow)}
