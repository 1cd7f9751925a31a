"""Manifests that no run can be reproduced from; tests/runs/test_stop_and_resume.py does."""

import shutil

import pytest

from seaice_tf.runs import folder


def test_other_data_than_those_of_the_manifest(fails, run, home, ice_archive):
    words = ["train", "forecast", "--from-manifest", str(run / folder.MANIFEST)]
    words += ["--run", str(home / "elsewhere"), "--data", str(home / "touched")]
    shutil.copytree(ice_archive, home / "touched")
    touched = sorted((home / "touched").glob("nt_*"))[3]
    touched.write_bytes(touched.read_bytes()[:-1] + b"!")
    fails(*words, message=f"72 files of the manifest, got 1 changed ({touched.name})")
    assert not folder.partial(home / "elsewhere").exists()
    fails(*words, "--history-years", "3", message="got another history_years")
    fails(*words, "--settings", "s.json", message="expected none beside --from-manifest")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "clouds"}, "a run of forecast, got one of clouds"),
        (
            {"settings": {"network": {"name": "unet", "crop": "ten"}}},
            "crop: expected int, got 'ten'",
        ),
        ({"data": None}, "the manifest.json of a run, got another file"),
        ({"data": [{"name": ["a"]}]}, "the manifest.json of a run, got another file"),
        ({"format": 99}, "expected format 1, got 99"),
        ({"settings": None}, "got one of an older version; use --settings"),
    ],
)
def test_manifests_that_no_run_can_be_made_from(fails, run, home, changes, message):
    facts = folder.read_json(run / folder.MANIFEST) | changes
    kept = {name: value for name, value in facts.items() if value is not None}
    folder.write_json(home / "changed.json", kept)
    words = ["--run", str(home / "new"), "--from-manifest", str(home / "changed.json")]
    fails("train", "forecast", *words, message=message)
