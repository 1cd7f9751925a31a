"""Speed of nowcasts, each beside a named peer, and the memory of `prepare`.

Usage: python benchmarks/nowcast.py [released images flow frames score windows prepare]
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from skimage.transform import warp
from timing import Row, alone, median_seconds, run, seconds

from seaice_tf.grids.windows import whole
from seaice_tf.lazy import tf
from seaice_tf.nowcast import images
from seaice_tf.nowcast.data import advection, layout, optical_flow, shards, synthetic
from seaice_tf.nowcast.data.frames import Frames
from seaice_tf.nowcast.data.layout import CENTRE, FRAMES, FRAMES_OUT, SIDE
from seaice_tf.nowcast.data.windows import Sampling, Windows
from seaice_tf.nowcast.networks.motion import LucasKanade
from seaice_tf.nowcast.scores import baselines
from seaice_tf.nowcast.scores.baselines import LUCAS_KANADE, TV_L1
from seaice_tf.nowcast.scores.ms_ssim import ms_ssim
from seaice_tf.runs import folder
from seaice_tf.tasks import TASKS

SHAPE = (512, 512)
LENGTH = 48  # frames of the sequence
WINDOWS = 16
ZARR = (891, 1843)  # pixels of the zarr of ClimateHack.AI
LENGTHS = (144, 576)  # frames that are prepared
SIDES = (632, 894, 1264)  # of images of 1, 2 and 4 times the pixels; 891 x 900 is the second


def flows(past: np.ndarray):
    """Flow of the last four pairs by Lucas-Kanade, against TV-L1."""
    return median_seconds(
        lambda: optical_flow.mean_flow(past, LUCAS_KANADE, baselines.PAIRS),
        lambda: optical_flow.mean_flow(past, TV_L1, baselines.PAIRS),
    )


def flow_in_the_graph(past: np.ndarray):
    """One flow of the last six pairs in a network, against scikit-image's mean of six."""
    layer = LucasKanade(pairs=6)
    call = tf.function(lambda frames: layer(frames))
    batch = tf.constant(past[None], tf.float32)
    return median_seconds(
        lambda: call(batch).numpy(), lambda: optical_flow.mean_flow(past, LUCAS_KANADE, 6)
    )


def released() -> Iterator[Row]:
    """24 frames by the released SavedModel, against the flow's forecast in numpy."""
    past = frames_of_window()
    path = str(folder.released(TASKS["nowcast"]) / folder.SAVED_MODEL)
    loading, model = seconds(lambda: tf.saved_model.load(path))
    batch = tf.constant(past[None], tf.float32)
    first, _ = seconds(lambda: model.serve(batch)["frames"].numpy())
    peer_first, _ = seconds(lambda: baselines.flow(past))
    times = median_seconds(
        lambda: model.serve(batch)["frames"].numpy(), lambda: baselines.flow(past), repeats=3
    )
    yield Row("24 frames of a window, first call", "flow in numpy", (first, peer_first))
    yield Row("24 frames of a window, later calls", "flow in numpy", times)
    yield Row("loading the SavedModel", "its first call", (loading, first))


def frames(past: np.ndarray):
    """24 frames along trajectories, against scikit-image's warp of each frame to the next."""
    flow = optical_flow.mean_flow(past, LUCAS_KANADE)
    back = np.indices(past.shape[1:]) - np.moveaxis(flow, -1, 0)

    def peer():
        image = past[-1].astype(np.float32)
        for _ in range(FRAMES_OUT):
            image = warp(image, back, order=1, mode="edge", preserve_range=True)

    return median_seconds(lambda: advection.extrapolate(past[-1], flow), peer)


def score(past: np.ndarray):
    """MS-SSIM of 24 frames in float64, against TensorFlow's in float32."""
    true, pred = past[np.arange(FRAMES_OUT) % 11], past[np.arange(FRAMES_OUT) % 11 + 1]
    tensors = [tf.constant(f[:, CENTRE, CENTRE, None], tf.float32) for f in (true, pred)]
    return median_seconds(
        lambda: ms_ssim(true[:, CENTRE, CENTRE], pred[:, CENTRE, CENTRE]),
        lambda: tf.image.ssim_multiscale(*tensors, 1023.0, filter_size=3),
    )


def windows(sequence: Frames):
    """Random windows of 36 frames from shards, against slicing the array in memory."""
    array = sequence.read(0, LENGTH, whole(SHAPE))
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a.tfrecord"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in shards.records(sequence, *shards.spans(sequence.time)):
                writer.write(record)
        drawn = Windows(shards.read([path]), [whole(SHAPE)], Sampling())

        def slices():
            for _ in range(WINDOWS):
                start = rng.integers(LENGTH - FRAMES + 1)
                top, left = rng.integers(0, SHAPE[0] - SIDE, 2)
                array[start : start + FRAMES, top : top + SIDE, left : left + SIDE].copy()

        return median_seconds(lambda: [drawn.draw(0, 0, i) for i in range(WINDOWS)], slices)


def write_zarr(length: int, path: Path) -> None:
    """Write `length` frames of the size of those of ClimateHack.AI."""
    import zarr

    frame = np.resize(synthetic.sequence(0, synthetic.times(1), SHAPE)[0], ZARR)
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    data = group.create_array("data", shape=(length, *ZARR), chunks=(12, 300, 500), dtype="i2")
    for start in range(0, length, 12):
        data[start : start + 12] = np.repeat(frame[None], 12, axis=0)
    group.create_array("time", data=np.arange(length) * 5)
    group["time"].attrs["units"] = "minutes since 2020-04-01 04:00:00"


def prepared(path: Path) -> int:
    """Number of files that `prepare` writes for a sequence."""
    return len(shards.prepare(path, path.with_name("shards")))


def frames_of_window() -> np.ndarray:
    """The 12 past frames of a window, (12, 128, 128)."""
    return layout.split(sequence_data()[:FRAMES, :SIDE, :SIDE])[0]


def sequence_data() -> np.ndarray:
    return synthetic.sequence(0, synthetic.times(LENGTH), SHAPE)


def image(side: int) -> float:
    """Seconds of the forecast of a whole image by the released model, its first call included."""
    past = frames_of_window()
    times = -(-side // SIDE)
    frames = np.tile(past, (1, times, times))[:, :side, :side].astype(np.float32)
    serve = images.load(folder.released(TASKS["nowcast"]))
    return seconds(lambda: images.forecast(frames, serve))[0]


def image_rows() -> Iterator[Row]:
    """24 frames of whole images by the released model, against those of the smallest."""
    first_time, first_peak = alone(image, SIDES[0])
    for side in SIDES[1:]:
        taken, peak = alone(image, side)
        what, peer = (f"24 frames of {n} x {n}" for n in (side, SIDES[0]))
        yield Row(what, peer, (taken, first_time), "s", (peak, first_peak))


def flow_rows() -> Iterator[Row]:
    past = frames_of_window()
    yield Row("flow of four pairs, Lucas-Kanade", "TV-L1", flows(past))
    yield Row("flow of six pairs in the graph", "scikit-image", flow_in_the_graph(past))


def frame_rows() -> Iterator[Row]:
    times = frames(frames_of_window())
    yield Row("24 frames along trajectories", "scikit-image, step by step", times)


def score_rows() -> Iterator[Row]:
    times = score(frames_of_window())
    yield Row("MS-SSIM of 24 frames, float64", "TensorFlow, float32", times)


def window_rows() -> Iterator[Row]:
    data = sequence_data()
    sequence = Frames("a", synthetic.times(LENGTH), (((data,),),), synthetic=True)
    times = [each / WINDOWS for each in windows(sequence)]
    yield Row("a window of 36 frames from shards", "array in memory", times)


def prepare_rows() -> Iterator[Row]:
    """`prepare` of four times the frames, against one."""
    peaks, times = {}, {}
    for length in LENGTHS:
        with tempfile.TemporaryDirectory() as place:
            write_zarr(length, Path(place) / "a.zarr")
            start = time.perf_counter()
            _, peaks[length] = alone(prepared, Path(place) / "a.zarr")
            times[length] = time.perf_counter() - start
    short, long = LENGTHS
    memory = peaks[long], peaks[short]
    yield Row(f"prepare {long} frames", f"{short} frames", (times[long], times[short]), "s", memory)


if __name__ == "__main__":
    run(
        __doc__,
        {
            "released": released,
            "images": image_rows,
            "flow": flow_rows,
            "frames": frame_rows,
            "score": score_rows,
            "windows": window_rows,
            "prepare": prepare_rows,
        },
    )
