"""Products of the released models on inputs made here, sampled: python -m tests.reference.products

It writes products.json anew, which test_products.py holds the code to. The inputs depend on numpy
alone, so that a change of the package cannot change them.
"""

import csv
import hashlib
import json
import tempfile
from pathlib import Path

import netCDF4
import numpy as np
from PIL import Image

from seaice_tf.cli.main import main

REFERENCE = Path(__file__).with_name("products.json")
VALUES = 200  # of each array that are kept
FLAGS = {"pole hole": 251, "land": 254}


def ice_month(month: int) -> np.ndarray:
    """Counts of a made-up Arctic month, (448, 304) uint8: a cap that grows and shrinks."""
    rows, columns = np.mgrid[:448, :304].astype(float)
    distance = np.hypot(rows - 234, columns - 154)
    season = np.cos(2 * np.pi * (month % 12 - 2) / 12)
    wobble = 6 * np.sin(columns / 17 + month / 5) + 4 * np.sin(rows / 11 - month / 7)
    edge = 80 + 35 * season + wobble - month / 40
    counts = np.clip((edge - distance) * 12, 0, 250).astype(np.uint8)
    counts[distance < 6] = FLAGS["pole hole"]
    counts[(rows > 330) | (columns < 40)] = FLAGS["land"]
    return counts


def write_ice(folder: Path) -> None:
    """Ten years of NSIDC-0051 v1.1, 2003-01 to 2012-12."""
    for month in range(120):
        year, number = 2003 + month // 12, month % 12 + 1
        path = folder / f"nt_{year}{number:02d}_f17_v1.1_n.bin"
        head = b"00255\0  304\0  448\0".ljust(300, b"\0")
        path.write_bytes(head + ice_month(month).tobytes())


def write_photos(folder: Path) -> None:
    """Three photos of blobs that grow from left to right, 280 x 420."""
    rows, columns = np.mgrid[:280, :420]
    rng = np.random.default_rng(0)
    for number, size in enumerate((5, 12, 30)):
        scale = size * (0.5 + columns / 210)
        waves = np.sin(rows / scale) * np.cos(columns / scale + number) + rng.normal(
            0, 0.2 * number, rows.shape
        )
        grey = np.clip(90 + (columns > 140) * 80 * waves, 0, 255).astype(np.uint8)
        Image.fromarray(np.stack([grey] * 3, axis=-1)).save(folder / f"blobs{size:02d}.png")


def write_frames(path: Path) -> None:
    """Two windows of 12 frames in the layout of ClimateHack.AI: blobs that drift."""
    rows, columns = np.mgrid[:128, :128].astype(float)
    windows = []
    for down, right in ((1.3, -0.7), (-0.4, 2.1)):
        frames = [
            400 + 250 * np.sin((rows - down * t) / 9) * np.cos((columns - right * t) / 13)
            for t in range(12)
        ]
        windows.append(frames)
    place = np.stack([800e3 - 1e3 * rows, 100e3 + 1e3 * columns])
    np.savez(path, osgb=np.stack([place] * 2), data=np.array(windows).astype(np.int16))


def sampled(values: np.ndarray) -> dict:
    """Shape, mean and some values of an array."""
    flat = np.asarray(values, np.float64).ravel()
    some = flat[:: max(flat.size // VALUES, 1)][:VALUES]
    return {"shape": list(np.shape(values)), "mean": flat.mean(), "values": some.tolist()}


def forecast(folder: Path, out: Path) -> dict:
    """concentration and all else of forecast.nc; contest.csv."""
    write_ice(folder)
    assert main(["predict", "forecast", "--data", str(folder), "--out", str(out)]) == 0
    found = {}
    with netCDF4.Dataset(out / "forecast.nc") as data:
        data.set_auto_maskandscale(False)
        for name, variable in data.variables.items():
            if variable.dtype.kind in "fiu":
                found[f"forecast.nc {name}"] = sampled(variable[...])
    with (out / "contest.csv").open() as file:
        rows = [row[1:] for row in list(csv.reader(file))[1:]]
    found["contest.csv"] = sampled(np.array(rows, float))
    return found


def clouds(folder: Path, out: Path) -> dict:
    """The masks of submission.csv, by a hash of each."""
    write_photos(folder)
    assert main(["predict", "clouds", "--data", str(folder), "--out", str(out)]) == 0
    with (out / "submission.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    return {f"submission.csv {n}": hashlib.sha256(m.encode()).hexdigest()[:16] for n, m in rows}


def nowcast(folder: Path, out: Path) -> dict:
    """The frames of predictions.npz."""
    write_frames(folder / "features.npz")
    words = ["--data", str(folder / "features.npz"), "--out", str(out)]
    assert main(["predict", "nowcast", *words]) == 0
    with np.load(out / "predictions.npz", allow_pickle=False) as file:
        return {f"predictions.npz {name}": sampled(file[name]) for name in file.files}


SYSTEMS = {"forecast": forecast, "clouds": clouds, "nowcast": nowcast}


def made(system: str, folder: Path) -> dict:
    """What the released model of a system writes, sampled, by file and variable."""
    for name in ("data", "out"):
        (folder / name).mkdir(parents=True)
    return SYSTEMS[system](folder / "data", folder / "out")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        content = {system: made(system, Path(temporary, system)) for system in SYSTEMS}
    REFERENCE.write_text(json.dumps(content, indent=1) + "\n")
