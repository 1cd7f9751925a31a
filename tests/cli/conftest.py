"""A complete run made by the command, and what a mistake of the user looks like."""

import pytest

from seaice_tf import settings as settings_file
from seaice_tf.cli import main as cli


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture
def run(home, unet_settings):
    """A complete run made by the command."""
    path = home / "run"
    if not path.exists():
        (home / "s.json").write_text(settings_file.to_json(unet_settings))
        words = ["--run", str(path), "--settings", str(home / "s.json"), "--epochs", "1"]
        assert cli.main(["train", "forecast", *words]) == 0
    return path


@pytest.fixture
def fails(capsys):
    """Runs the command and sees that it ends with one clear line."""

    def check(*words, message):
        capsys.readouterr()
        assert cli.main(list(words)) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        assert message in error

    return check
