"""Verbs of the command line on released models, cold and warm, beside imports they cannot avoid.

Cold is the first run after the machine read other files, or the first at all; warm the second. Data
are those of SEAICE_TF_DATA, or synthetic. Processor seconds, and wall seconds in brackets.

Usage: python benchmarks/verbs.py [help doctor predict report pages]
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from timing import Row, python, run

from seaice_tf.clouds import examples
from seaice_tf.clouds.settings import Settings
from seaice_tf.forecast.examples import archive
from seaice_tf.forecast.settings import Settings as ForecastSettings
from seaice_tf.runs import folder
from seaice_tf.tasks import TASKS

PEERS = {
    "numpy and xarray": ("-c", "import numpy, xarray"),
    "TensorFlow": ("-c", "import tensorflow"),
}
REPORTED = ("forecast", "clouds", "nowcast")


def verb(peer: str, *words: str) -> Iterator[Row]:
    """Rows of a verb, cold and warm, beside an import."""
    _, floor, memory = python(*PEERS[peer])
    for state in ("cold", "warm"):
        wall, processor, peak = python("-m", "seaice_tf", *words)
        shown = " ".join(
            word for word in words if "/" not in word and word not in ("--run", "--data")
        )
        what = f"`{shown}`, {state}, {wall:.1f} s on the wall"
        yield Row(what, f"import of {peer}", (processor, floor), "CPU s", (peak, memory))


def help_() -> Iterator[Row]:
    yield from verb("numpy and xarray", "predict", "forecast", "--help")


def doctor() -> Iterator[Row]:
    record = archive(ForecastSettings()).where
    yield from verb("numpy and xarray", "doctor", "forecast", "--data", record)


def predict() -> Iterator[Row]:
    for name in REPORTED:
        with tempfile.TemporaryDirectory() as out:
            run_folder = str(folder.released(TASKS[name]))
            yield from verb("TensorFlow", "predict", name, "--run", run_folder, "--out", out)


def report() -> Iterator[Row]:
    for name in REPORTED:
        with tempfile.TemporaryDirectory() as out:
            run_folder = str(folder.released(TASKS[name]))
            page = str(Path(out) / "page.html")
            for row in verb("TensorFlow", "report", run_folder, "--out", page):
                yield Row(**{**row.__dict__, "what": row.what.replace("report", f"report {name}")})


def pages() -> Iterator[Row]:
    """Pages of the released cloud masks on one, two and four times as many photos."""
    source, single = examples.folder(Settings()), None
    head, *lines = (source / "train.csv").read_text().splitlines()
    names = sorted({line.split(",")[0].rsplit("_", 1)[0] for line in lines})
    for factor in (1, 2, 4):
        with tempfile.TemporaryDirectory() as place:
            chosen = set(names[: factor * len(names) // 4])
            images = Path(place, "train_images")
            images.mkdir()
            for name in chosen:
                (images / name).symlink_to(source.resolve() / "train_images" / name)
            rows = [line for line in lines if line.split(",")[0].rsplit("_", 1)[0] in chosen]
            Path(place, "train.csv").write_text("\n".join([head, *rows]) + "\n")
            page = str(Path(place) / "page.html")
            run_folder = str(folder.released(TASKS["clouds"]))
            words = ("report", run_folder, "--data", place, "--out", page)
            _, ours, peak = python("-m", "seaice_tf", *words)
        single = single or (ours, peak)
        what, memory = f"`report clouds` on {len(chosen)} photos", (peak, single[1])
        yield Row(what, f"{factor} times one", (ours, factor * single[0]), "CPU s", memory)


if __name__ == "__main__":
    rows = {"help": help_, "doctor": doctor, "predict": predict, "report": report, "pages": pages}
    run(__doc__, rows)
