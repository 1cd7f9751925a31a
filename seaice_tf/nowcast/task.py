"""The nowcast task: the next two hours of satellite images of clouds, from the last hour."""

from concurrent.futures import Executor
from pathlib import Path

from seaice_tf.lazy import function
from seaice_tf.nowcast import examples
from seaice_tf.nowcast.cases import EvaluateOptions, cases, future
from seaice_tf.nowcast.data import doctor as frame_doctor
from seaice_tf.nowcast.data import shards
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
    found = frame_doctor.examine(Path(settings.data))
    print("\n".join(found.lines))
    if plots and found.means.size:
        print(f"plot: {maps.write_means(plots / 'means.png', found.means, settings.data)}")
    return list(found.problems)


def prepare(settings: Settings, out: Path, executor: Executor | None = None) -> list[Path]:
    """Write the shards of all sequences."""
    return shards.prepare(examples.folder(settings), out, executor)


SIGNATURE = (
    "`serve` takes 12 frames 5 minutes apart, the oldest first, as counts of the "
    "high-resolution visible channel, (batch, 12, 128, 128) float32 in 0 to 1023, and gives "
    "`frames`, the next 24 of the centre, rows and columns 32 to 96, (batch, 24, 64, 64) in 0 "
    "to 1023; and `flow`, (batch, 128, 128, 2), the motion in pixels per frame, down the rows "
    "and along the columns."
)

UNITS = {
    "past_frames": "counts, 0 to 1023",
    "frames": "counts, 0 to 1023",
    "flow": "pixels per frame, down and right",
}

TASK = Task(
    name="nowcast",
    settings=Settings,
    data=Data(
        splits=splits,
        cases=cases,
        future=future,
        doctor=doctor,
        prepare=prepare,
    ),
    training=Training(
        build=function(TRAINING, "build"),
        space=function(TRAINING, "space"),
        serving_model=function(TRAINING, "serving_model"),
        start=function(TRAINING, "start"),
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
    ),
    products=Products(
        write=write,
        pictures=pictures,
        signature=SIGNATURE,
        units=UNITS,
        report=sections,
        dataset=function("seaice_tf.nowcast.products.dataset", "dataset"),
    ),
)
