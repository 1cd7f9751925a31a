"""The Python code on the pages runs: on small runs, under the names that the pages use."""

import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import tensorflow as tf
import xarray as xr

import seaice_tf
from seaice_tf.forecast.data import archive, counts
from seaice_tf.forecast.products import hindcasts
from seaice_tf.grids.polar import NORTH

ROOT = Path(__file__).parents[1]
ELSEWHERE = {"README", "library", "tutorials"}  # test_docs.py, test_library.py; and below
RUNS = {  # the folder that a page names -> the run in its place
    "forecast/arctic": "forecast-distribution",
    "forecast/mine": "forecast-distribution",
    "nowcast/released": "nowcast",
    "clouds/released": "clouds",
    "geopose/first": "geopose",
}


def blocks(page: str) -> list[str]:
    path = ROOT / f"{page}.md" if page == "README" else ROOT / "docs" / f"{page}.md"
    return re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL)


def code() -> list:
    """The blocks of all pages but those of `ELSEWHERE`, with the page."""
    marks = {"howto": pytest.mark.soak}  # the model of forecast-1 again, seconds of its time
    pages = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))
    return [
        pytest.param(page, block, id=f"{page}-{number}", marks=marks.get(page, ()))
        for page in pages
        if page not in ELSEWHERE
        for number, block in enumerate(blocks(page))
    ]


@pytest.fixture
def place(tmp_path, monkeypatch, long_archive, trained):
    """A function of a block that makes the files which the block names, in the working folder."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    Path("nsidc0051").symlink_to(long_archive)

    def prepare(block: str) -> None:
        for name, variant in RUNS.items():
            if f"saved_models/{name}/" in block:
                link = Path("saved_models", name)
                link.parent.mkdir(parents=True)
                link.symlink_to(trained(variant))
        if "photo.jpg" in block:
            photo = np.random.default_rng(0).integers(0, 255, (60, 90, 3)).astype(np.uint8)
            Path("photo.jpg").write_bytes(tf.io.encode_jpeg(photo).numpy())
        if "hindcasts.nc" in block:
            pytest.importorskip("climpred")
            from cf_xarray.accessor import CFDatasetAccessor

            # It would fetch the table of standard names from the network.
            same = lambda self, **_: self._obj  # noqa: E731
            monkeypatch.setattr(CFDatasetAccessor, "add_canonical_attributes", same)
            _write_hindcasts(Path("OUT", "hindcasts.nc"), long_archive)

    return prepare


def _write_hindcasts(path: Path, folder: Path) -> None:
    record = archive.read_archive(folder)
    ice = np.where(record.counts > 250, 0, record.counts / 250).astype(np.float32)
    path.parent.mkdir()
    with hindcasts.writer(path, NORTH, counts.land(record.counts[-1]), "") as save:
        for back in (2, 1):
            save(record.last - back, {"concentration": ice[-12:]})


@pytest.fixture(scope="module")
def history(long_archive):
    """Ten years of counts."""
    return archive.read_archive(long_archive).counts[-120:]


@pytest.mark.parametrize(("page", "block"), code())
def test_code_on_pages_runs(page, block, place, history):
    place(block)
    rng = np.random.default_rng(0)
    known = {
        "forecast": {},
        "howto": {"tf": tf, "counts": history},
        "nowcast": {
            "counts": rng.uniform(100, 900, (1, 12, 128, 128)).astype(np.float32),
            "frames": rng.uniform(100, 900, (4, 64, 64)).astype(np.float32),
        },
        "clouds": {},
        "geopose": {"image": rng.integers(0, 255, (64, 64, 3)).astype(np.uint8)},
    }
    names = dict(known[page])
    exec(block, names)
    made = [each for name, each in names.items() if name not in known[page]]
    arrays = [np.asarray(each) for each in made if isinstance(each, np.ndarray | tf.Tensor)]
    assert arrays or page == "howto" or "hindcasts" in names
    assert all(np.isfinite(each).any() for each in arrays if each.dtype.kind == "f")


@pytest.fixture(scope="module")
def unet(trained):
    return seaice_tf.load(trained("forecast-unet"))


def test_the_forecast_tutorial_ends_with_a_picture(unet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    (block,) = (each for each in blocks("tutorials") if '"forecast.png"' in each)
    names = {"FILES": unet.settings.data, "RUN": unet.run}
    exec(block, names)
    matplotlib.pyplot.close("all")
    assert Path("forecast.png").stat().st_size > 5000
    assert names["maps"].axs.size == 12


def test_the_library_of_the_readme_runs(unet, ice_archive, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("seaice_tf.library.load", lambda name: unet)
    Path("DIR").symlink_to(ice_archive)
    (block,) = (each for each in blocks("README") if "seaice_tf.load" in each)
    names: dict = {}
    exec(block, names)
    assert isinstance(names["forecast"], xr.Dataset)
    assert "forecast" in names["table"].index
    assert names["network"].output_shape == (None, 256)


@pytest.mark.soak
def test_links_to_other_sites_answer():
    requests = pytest.importorskip("requests")
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    text = "\n".join(page.read_text() for page in pages)
    failed = {}
    for link in sorted(set(re.findall(r"\((https?://[^)\s]+)\)", text))):
        try:
            with requests.get(link, timeout=30, stream=True, allow_redirects=True) as answer:
                if answer.status_code not in (200, 403):  # 403: programs are not let in
                    failed[link] = answer.status_code
        except requests.ConnectionError as error:
            pytest.skip(f"no connection: {error}")
    assert not failed
