"""The nowcast task: the next two hours of satellite images of clouds, from the last hour."""

from concurrent.futures import Executor
from pathlib import Path

from seaice_tf.lazy import function
from seaice_tf.nowcast import examples
from seaice_tf.nowcast.cases import EvaluateOptions, FrameOptions, cases, future
from seaice_tf.nowcast.data import doctor as frame_doctor
from seaice_tf.nowcast.data import frames, shards
from seaice_tf.nowcast.products import maps
from seaice_tf.nowcast.products.outputs import pictures, verify, write
from seaice_tf.nowcast.report import sections
from seaice_tf.nowcast.settings import Settings
from seaice_tf.nowcast.verification import BASELINES, MEANING, combine, score
from seaice_tf.task import Data, Products, Splits, Task, Training, Verification

TRAINING = "seaice_tf.nowcast.training"


def splits(settings: Settings) -> Splits:
    """Training and validation examples of the network."""
    from seaice_tf.nowcast.training import NETWORKS  # needs TensorFlow

    found, network = examples.training_source(settings), settings.network
    of_network = NETWORKS[network.name].examples
    return Splits(
        of_network(network, examples.training_examples(settings, found.sequences)),
        of_network(network, examples.validation_examples(settings, found.sequences)),
        preview=lambda: next(iter(cases(settings, EvaluateOptions("validation")))),
        files=found.files,
        source=found.source,
    )


def doctor(settings: Settings, plots: Path | None) -> list[str]:
    """Describe the frames on standard output; returns problems: gaps, night, damage."""
    found = frame_doctor.examine(Path(settings.data), examples.reading(settings))
    print("\n".join(found.lines))
    if plots and found.means.size:
        print(f"plot: {maps.write_means(plots / 'means.png', found.means, settings.data)}")
    return list(found.problems)


def prepare(settings: Settings, out: Path, executor: Executor | None = None) -> list[Path]:
    """Write the shards of all sequences."""
    return shards.prepare(examples.folder(settings), out, executor, examples.reading(settings))


SIGNATURE = """\
`serve` takes 12 frames 5 minutes apart, the oldest first, as counts of the high-resolution visible
channel, and gives `frames`, the next 24 of the centre, rows and columns 32 to 96, and `flow`, the
motion of the whole window. Those of `per_lead_unet` have two endpoints for images of any size.
`image_flow` takes frames with sides that are multiples of 8 and at least 128, all pairs of which
share the flow, and the sigma of the window in which it is constant, at most 20. `image_frames`
gives the frames of a tile at the next `leads`. It takes the last four frames of the image; the
`flows` of its last 6 and of its last 2 pairs with windows of 10, 5 and 20 pixels each; `valid`, 1
where the last frame is known and else 0; the first row and column of the `tile`, its height and
its width, multiples of 4; and the `points` that the call before gave, at first the rows of the
tile's pixels six times and then the columns. `known` is the fraction of a value that comes from
valid pixels. 48 pixels inside its edges a tile has the values of the whole image."""

UNITS = {
    "past_frames": "counts, 0 to 1023",
    "frames": "counts, 0 to 1023",
    "flow": "pixels per frame, down and right",
    "flows": "pixels per frame, down and right",
    "window": "pixels",
    "valid": "1",
    "known": "1",
    "tile": "pixels",
    "points": "pixels",
    "leads": "frames",
}

TASK = Task(
    name="nowcast",
    settings=Settings,
    data=Data(
        expected=frames.EXPECTED,
        splits=splits,
        cases=cases,
        future=future,
        doctor=doctor,
        prepare=prepare,
        settings=("data", "channel", "step", "value_range"),
        units=("channel", "step", "value_range"),
        described=examples.with_value_range,
        plots=("means.png",),
    ),
    training=Training(
        build=function(TRAINING, "build"),
        space=function(TRAINING, "space"),
        serving_model=function(TRAINING, "serving_model"),
        start=function(TRAINING, "start"),
        calibrate=function(TRAINING, "calibrate"),
        extra_endpoints=function(TRAINING, "extra_endpoints"),
    ),
    verification=Verification(
        score=score,
        primary="ms_ssim",
        lower_is_better=False,
        baselines=BASELINES,
        verify=verify,
        combine=combine,
        options=EvaluateOptions,
        meaning=MEANING,
        files=("*.gif", "*.png"),
    ),
    products=Products(
        write=write,
        pictures=pictures,
        signature=SIGNATURE,
        units=UNITS,
        options=FrameOptions,
        report=sections,
        dataset=function("seaice_tf.nowcast.products.dataset", "dataset"),
        check=function("seaice_tf.nowcast.products.check", "check"),
        files=("nowcast.nc", "predictions.npz", "flow.npz", "*.gif", "*.nc", "*.png"),
    ),
)
