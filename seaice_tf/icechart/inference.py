"""A scene of any size through a SavedModel: in tiles that leave no trace, from several views."""

from collections.abc import Callable

import numpy as np

from seaice_tf.grids import tiles
from seaice_tf.grids.windows import Window, whole
from seaice_tf.icechart.data import decision as ice_decision
from seaice_tf.icechart.data.charts import CHARTS, CLASSES
from seaice_tf.icechart.data.decision import CHANCES, FIELDS
from seaice_tf.icechart.data.rotation import VIEWS
from seaice_tf.icechart.networks.unet import alignment
from seaice_tf.icechart.settings import Settings
from seaice_tf.networks.unet import context
from seaice_tf.task import Maps

Serve = Callable[[np.ndarray], Maps]
Read = Callable[[Window], np.ndarray]


def charted(settings: Settings, shape: tuple[int, int], read: Read, serve: Serve) -> Maps:
    """Maps of a scene: at once if it is no larger than a tile, else tile after tile.

    Of tiles, probabilities and uncertainty are kept in a byte each (`ice_decision.packed`), 31
    bytes a pixel with the charts.

    Args:
        shape: rows and columns of the downscaled scene.
        read: window -> (height, width, C).
        serve: the SavedModel, of a batch.
    """
    if max(shape) <= settings.tile:
        return seen(settings, read(whole(shape)), serve)
    levels = len(settings.filters)
    halo = context(levels) if settings.halo is None else settings.halo
    fields: dict[str, np.ndarray] = {chart: np.empty(shape, np.uint8) for chart in CHARTS}
    fields["concentration"] = np.empty(shape, np.float16)
    for name, chart in zip(CHANCES, CHARTS):
        fields[name] = np.empty((*shape, len(CLASSES[chart])), np.uint8)
    fields["uncertainty"] = np.empty((*shape, len(CHARTS)), np.uint8)
    for band in tiles.parts(shape, settings.tile, halo, alignment(levels)):
        for window, around in band:
            found = seen(settings, read(around), serve)
            for name, values in fields.items():
                part = tiles.inside(found[name], window, around)
                values[window.slices] = ice_decision.stored(part, values.dtype)
    return fields


def seen(settings: Settings, image: np.ndarray, serve: Serve) -> Maps:
    """Maps of one image (H, W, C), the mean of the views that the settings name."""
    turns = VIEWS[settings.views]
    if len(turns) == 1:
        return {name: values[0] for name, values in serve(image[None]).items()}
    height, width = image.shape[:2]
    align = alignment(len(settings.filters))
    # Padded as the network would pad it, but before it is turned.
    padded = np.pad(image, [(0, -height % align), (0, -width % align), (0, 0)])
    found = [serve(turn.image(padded, settings.channels)[None]) for turn in turns]
    mean = {
        name: np.mean([turn.back(each[name][0]) for turn, each in zip(turns, found)], axis=0)
        for name in FIELDS
    }
    mean = {name: values[:height, :width] for name, values in mean.items()}
    doubt = ice_decision.uncertainty(mean, settings.uncertainty)
    return {**ice_decision.decide(mean, settings.agree), **mean, "uncertainty": doubt}
