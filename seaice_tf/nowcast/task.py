"""The next two hours of a satellite's image of clouds, from the last hour."""

from pathlib import Path

from seaice_tf.nowcast import examples
from seaice_tf.nowcast.cases import EvaluateOptions, cases, future
from seaice_tf.nowcast.data import doctor as frame_doctor
from seaice_tf.nowcast.prepare import prepare
from seaice_tf.nowcast.products import plots as frame_plots
from seaice_tf.nowcast.products.files import pictures, verify, write
from seaice_tf.nowcast.report import sections
from seaice_tf.nowcast.settings import Settings
from seaice_tf.nowcast.training import NETWORKS, build, served, space, start
from seaice_tf.nowcast.verification import BASELINES, combine, score
from seaice_tf.task import Data, Products, Splits, Task, Training, Verification


def splits(settings: Settings) -> Splits:
    found = examples.learnt_from(settings)
    of_network = NETWORKS[settings.network].examples
    return Splits(
        of_network(settings, examples.training_examples(settings, found.sequences)),
        of_network(settings, examples.validation_examples(settings, found.sequences)),
        preview=lambda: next(iter(cases(settings, EvaluateOptions("validation")))),
        files=found.files,
        source=found.source,
    )


def doctor(settings: Settings, plots: Path | None) -> list[str]:
    """Print what frames there are; gives their troubles: gaps, night, damage."""
    found = frame_doctor.examine(Path(settings.data))
    print("\n".join(found.lines))
    if plots and found.means.size:
        print(f"plot: {frame_plots.write(plots / 'means.png', found.means, settings.data)}")
    return list(found.troubles)


SIGNATURE = (
    "`serve` takes 12 frames 5 minutes apart, the oldest first, as counts of the "
    "high-resolution visible channel, (batch, 12, 128, 128) float32 in 0 to 1023, and gives "
    "`frames`, the next 24 of the centre, rows and columns 32 to 96, (batch, 24, 64, 64) in 0 "
    "to 1023; and `flow`, (batch, 128, 128, 2), the motion in pixels a frame, down the rows "
    "and along the columns."
)

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
        build=build,
        space=space,
        serving_model=served,
        start=start,
    ),
    verification=Verification(
        score=score,
        primary="ms_ssim",
        lower_is_better=False,
        baselines=BASELINES,
        verify=verify,
        combine=combine,
        options=EvaluateOptions,
    ),
    products=Products(
        write=write,
        pictures=pictures,
        signature=SIGNATURE,
        report=sections,
    ),
)
