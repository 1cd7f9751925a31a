"""A complete run, and what a mistake of the user looks like."""

import pytest

from seaice_tf import settings as settings_file
from seaice_tf.cli import main as cli


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture
def run(trained):
    """A complete run, which no test changes."""
    return trained("forecast-unet")


@pytest.fixture(scope="session")
def settings_path(home, unet_settings):
    """The file with the settings of the run."""
    path = home / "s.json"
    path.write_text(settings_file.to_json(unet_settings))
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
