"""Tiny data in the real formats, tiny settings, and a trained run of each task."""

import fcntl
import gc
import importlib
import os
import shutil
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from seaice_tf.clouds.data import synthetic as synthetic_photos
from seaice_tf.clouds.settings import Settings as CloudSettings
from seaice_tf.clouds.settings import UNet as CloudUNet
from seaice_tf.files import maps
from seaice_tf.forecast.data.synthetic import Climate, write_archive
from seaice_tf.forecast.settings import Distribution, UNet
from seaice_tf.forecast.settings import Settings as ForecastSettings
from seaice_tf.geopose.data import synthetic as synthetic_tiles
from seaice_tf.geopose.settings import Settings as GeoposeSettings
from seaice_tf.icechart.data import synthetic_scenes
from seaice_tf.icechart.settings import Settings as ChartSettings
from seaice_tf.nowcast.data import synthetic as synthetic_frames
from seaice_tf.nowcast.settings import PerLeadUNet
from seaice_tf.nowcast.settings import Settings as FrameSettings
from seaice_tf.settings import Training


def pytest_collection_finish(session):
    """Exempt imported packages from garbage collection, which takes seconds to traverse them."""
    gc.set_threshold(100_000, 50, 100)  # tracing a network makes a million objects
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def kept_objects_are_frozen():
    """Exempt what TensorFlow keeps of a module's tests, too: `clear_session` collects garbage."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; tests that need it skip without it."""
    root = os.environ.get("SEAICE_TF_DATA")
    if not root:
        pytest.skip("real data: set SEAICE_TF_DATA to its folder")
    return Path(root)


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """(name, write) -> the path that `write(path)` wrote once for all processes of a session."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def path_of(name: str, write) -> Path:
        path = root / "shared" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(f"{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                write(path)
        return path

    return path_of


# Half of the cells that hold ice in the Arctic, each of which takes its time.
LITTLE_ICE = Climate(edge=80.0, season=5.0)


@pytest.fixture(scope="session")
def ice_archive(shared) -> Path:
    """Six years of synthetic monthly files, 2006 to 2011; the pole hole shrinks in 2008-01."""
    return shared(
        "nsidc0051/archive",
        lambda folder: write_archive(folder, "2006-01", "2011-12", 1, LITTLE_ICE),
    )


@pytest.fixture(scope="session")
def long_archive(shared) -> Path:
    """Thirteen years of synthetic monthly files, 1999 to 2011: enough for ten years of history."""
    return shared(
        "nsidc0051/long",
        lambda folder: write_archive(folder, "1999-01", "2011-12", 1, LITTLE_ICE),
    )


@pytest.fixture(scope="session")
def cloud_folder(shared) -> Path:
    """Twelve synthetic labelled photos of 42 x 63 pixels in the competition's layout."""
    return shared(
        "clouds/competition",
        lambda folder: synthetic_photos.write(folder, 12, seed=1, shape=(42, 63)),
    )


@pytest.fixture(scope="session")
def scene_folder(shared) -> Path:
    """Four synthetic scenes of 203 x 252 pixels with charts, and one that has a reference file."""
    return shared(
        "icechart/scenes",
        lambda folder: synthetic_scenes.write(folder, 5, (203, 252), seed=4, tests=1),
    )


@pytest.fixture(scope="session")
def chromium():
    """A headless browser; tests that need it skip where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright to drive it")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        pytest.skip("no chromium: apt-get install chromium")
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # root has no other way
        browser = started.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium):
    """Opens HTML files as a reader does; at the end nothing was loaded and no error was logged."""
    problems, opened = [], []

    def open_page(path: Path, **options):
        options.setdefault("viewport", {"width": 1280, "height": 900})
        page = chromium.new_page(**options)
        own = path.resolve().as_uri()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: asked(request.url, own))
        page.goto(own)
        page.wait_for_selector("html[data-ready]", state="attached")
        opened.append(page)
        return page

    def asked(url: str, own: str) -> None:
        if url.split("#")[0] != own and not url.startswith(("data:", "blob:")):
            problems.append(f"asked for {url}")

    yield open_page
    for page in opened:
        page.close()
    assert not problems


@pytest.fixture
def undrawn(monkeypatch):
    """Draws no maps, which takes time and is tested elsewhere."""
    # It imports a function by name, which must not be the one of this test for good.
    importlib.import_module("seaice_tf.nowcast.products.outputs")
    for name in ("write", "write_gif", "write_pixels", "pixels"):
        monkeypatch.setattr(maps, name, lambda path, *rest, **options: path)
    monkeypatch.setattr(maps, "figure", lambda *rest, **options: None)


@pytest.fixture(scope="session")
def frame_folder(shared) -> Path:
    """A synthetic sequence of 16 frames of 128 x 384 pixels: three windows side by side."""
    return shared(
        "nowcast/frames",
        lambda folder: synthetic_frames.write(folder, 1, 16, (128, 384), seed=5),
    )


@pytest.fixture(scope="session")
def tile_folder(shared) -> Path:
    """Twelve synthetic labelled tiles of 48 x 48 pixels, three of each city, and one without."""
    return shared(
        "geopose/challenge",
        lambda folder: synthetic_tiles.write(folder, 12, seed=3, side=48, gsd=1.0, tests=1),
    )


PERIODS = {
    "train_end": "2009-12",
    "validation_start": "2010-01",
    "validation_end": "2010-12",
    "test_start": "2011-01",
    "test_end": "2011-12",
}


@pytest.fixture(scope="session")
def unet_settings(ice_archive) -> ForecastSettings:
    return ForecastSettings(
        data=str(ice_archive),
        **PERIODS,
        network=UNet(history_years=2, base_years=2, filters=(2, 3), crop=48, flip=True),
        training=Training(epochs=2, batch_size=2, checkpoint_steps=2, seed=3),
    )


@pytest.fixture(scope="session")
def distribution_settings(long_archive) -> ForecastSettings:
    return ForecastSettings(
        data=str(long_archive),
        **PERIODS,
        network=Distribution(members=2, width=8, cell_fraction=0.1, init_step=7, calibrate=True),
        training=Training(epochs=1, batch_size=1, checkpoint_steps=5, seed=3, learning_rate=5e-3),
    )


@pytest.fixture(scope="session")
def cloud_settings(cloud_folder) -> CloudSettings:
    return CloudSettings(
        data=str(cloud_folder),
        folds=4,
        rows=32,
        columns=48,
        network=CloudUNet(decoder_filters=(4, 8)),
        training=Training(epochs=2, batch_size=4, checkpoint_steps=2, seed=3, average=0.5),
    )


@pytest.fixture(scope="session")
def chart_settings(scene_folder) -> ChartSettings:
    return ChartSettings(
        data=str(scene_folder),
        downscale=10,
        channels=("nersc_sar_primary", "nersc_sar_secondary", "btemp_18_7v", "latitude"),
        filters=(4, 6),
        patch=12,
        patches=12,
        cutmix=0.5,
        training=Training(epochs=2, batch_size=4, checkpoint_steps=2, seed=3, average=0.5),
    )


@pytest.fixture(scope="session")
def frame_settings(frame_folder) -> FrameSettings:
    return FrameSettings(
        data=str(frame_folder),
        train_fraction=0.3334,
        validation_fraction=0.3333,
        min_frames=15,
        windows=4,
        brightness_jitter=0.1,
        network=PerLeadUNet(filters=(2, 3), trained_leads=3, margin=0),
        advection_weight=0.2,
        training=Training(epochs=2, batch_size=2, checkpoint_steps=1, seed=3, average=0.5),
    )


@pytest.fixture(scope="session")
def geopose_settings(tile_folder) -> GeoposeSettings:
    return GeoposeSettings(
        data=str(tile_folder),
        folds=3,
        decoder_filters=(2, 3, 3, 4, 4),
        crop=32,
        crops=8,
        augment="heavy",
        training=Training(epochs=2, batch_size=4, checkpoint_steps=2, seed=3, average=0.5),
    )


@pytest.fixture(scope="session")
def tiny_settings(
    unet_settings,
    distribution_settings,
    cloud_settings,
    chart_settings,
    frame_settings,
    geopose_settings,
) -> dict:
    """Settings with which each task trains in seconds, by "task" or "task-variant"."""
    return {
        "forecast-unet": unet_settings,
        "forecast-distribution": distribution_settings,
        "clouds": cloud_settings,
        "icechart": chart_settings,
        "nowcast": frame_settings,
        "geopose": geopose_settings,
    }


@pytest.fixture(scope="session")
def trained(shared, tiny_settings):
    """Variant of tiny settings -> the folder of a complete run; tests must not change it."""
    from seaice_tf.runs import train
    from seaice_tf.tasks import TASKS

    def run(variant: str) -> Path:
        task = TASKS[variant.split("-")[0]]
        return shared(
            f"{variant}/run",
            lambda path: train.train(task, tiny_settings[variant], path, ignore_memory=True),
        )

    return run
