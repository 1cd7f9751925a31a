"""The notebooks run from top to bottom, on synthetic files and with small networks."""

import json
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from seaice_tf import progress

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the cells of a notebook with other parameters; gives its names."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")

    def cells(name: str, **parameters) -> dict:
        content = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())
        assert content["nbformat"] == 4
        found: dict = {}
        for cell in content["cells"]:
            if cell["cell_type"] == "code":
                assert cell["outputs"] == []
                exec("".join(cell["source"]), found)
            if "parameters" in cell["metadata"].get("tags", ()):
                assert set(parameters) <= set(found)
                found.update(parameters)
        return found

    yield cells
    progress.show(False)
    matplotlib.pyplot.close("all")


def test_from_files_to_an_outlook(run, ice_archive, trained, capsys):
    found = run("forecast", FILES=str(ice_archive), MODEL=str(trained("forecast-unet")))
    assert "lowest month: 2012-" in capsys.readouterr().out
    assert found["predicted"].sizes["time"] == 12
    assert (found["observed"] > 0).all()
    assert "climatology_5_years" in found["table"].index


def test_an_autoencoder_and_attention(run, ice_archive):
    parameters = {"COARSER": 8, "FILTERS": (2,), "CODE": 8, "YEARS": 2, "EPOCHS": 1}
    found = run("autoencoder_and_attention", FILES=str(ice_archive), TEST_YEARS=1, **parameters)
    assert len(found["errors"]) == 4
    assert all(np.isfinite(list(found["errors"].values())))
    difference = found["again"].predict(found["history"], verbose=0)[found["test"]]
    np.testing.assert_allclose(difference, found["forecast"], atol=1e-5)
    assert Path("autoencoder_and_attention.keras").exists()
