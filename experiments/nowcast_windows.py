"""How far is the forecast of an image of 128 x 128 pixels from that of the same window?

`serve` sees 16 pixels around its target, and zeros beyond; an image is forecast with all of its
pixels. Differences, in counts, of the windows of the last 20 % of the columns, by the distance from
the edge of the target; and with a tile of the image whose margin is that of `serve`. Real data with
SEAICE_TF_DATA, synthetic without; two minutes.

Usage: python experiments/nowcast_windows.py [RUN]
"""

import sys
from pathlib import Path

import numpy as np

from seaice_tf.grids.windows import Window
from seaice_tf.nowcast import examples, images
from seaice_tf.nowcast.data.layout import CENTRE, FRAMES_IN, FRAMES_OUT, MIN_FRAMES, TARGET
from seaice_tf.nowcast.settings import Settings

RUN = Path("saved_models/nowcast/released")
INWARD = (0, 4, 8, 16)  # pixels from the edge of the target
MARGIN = 16  # pixels around the target that `serve` sees


def with_margin(past: np.ndarray, serve: images.Serve) -> np.ndarray:
    """The target as a tile with the margin of `serve`: (12, 128, 128) -> (24, 64, 64)."""
    frames, outer = past[None], Window(MARGIN, MARGIN, *(2 * [TARGET + 2 * MARGIN]))
    flows = images._flows(frames, serve)
    points = images._arrival(outer, flows.shape[-1] // 2)
    last, valid = frames[:, -MIN_FRAMES:], np.ones((1, *past.shape[1:]), np.float32)
    place = np.array([[outer.top, outer.left, outer.height, outer.width]], np.int32)
    later = []
    for first in range(1, FRAMES_OUT + 1, images.LEADS):
        leads = np.arange(first, first + images.LEADS, dtype=np.float32)[None]
        found = serve((last, flows, valid, place, points, leads), "image_frames")
        points = found["points"]
        later.append(found["frames"][0][:, MARGIN:-MARGIN, MARGIN:-MARGIN])
    return np.concatenate(later)


def main(run: Path) -> None:
    settings, serve = Settings(), images.load(run)
    windows = [
        place.read()[:FRAMES_IN].astype(np.float32)
        for each in examples.evaluation_source(settings).sequences
        for place in examples.places(settings, each, examples.region(settings, each, "test"))
    ]
    whole, tiles = [], []
    for past in windows:
        served = serve(past[None])["frames"][0]
        image = images.forecast(past, serve)["frames"][:, CENTRE, CENTRE]
        whole.append(np.abs(image - served))
        tiles.append(np.abs(with_margin(past, serve) - served))
    for name, found in (("image", whole), ("tile with the margin of serve", tiles)):
        for leads in (12, 24):
            for inward in INWARD:
                inside = slice(inward, TARGET - inward)
                values = np.array(found)[:, :leads, inside, inside]
                print(
                    f"{name}, {leads} leads, {inward} pixels and more inside: mean "
                    f"{values.mean():.4f}, 99.9 % below {np.quantile(values, 0.999):.3f}, largest "
                    f"{values.max():.2f}"
                )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RUN)
