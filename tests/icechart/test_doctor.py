"""The doctor and `prepare` on the command line."""

import json

from seaice_tf.cli import main as cli
from seaice_tf.icechart.products import upload
from seaice_tf.icechart.task import TASK


def test_the_doctor_checks_an_upload(chart_settings, tmp_path, capsys):
    (case,) = TASK.data.cases(chart_settings)
    charts = {chart: values % 5 for chart, values in case.truth.items()}  # none masked
    path = upload.write(tmp_path / "upload.nc", [(case.name, charts)])
    command = ["doctor", "icechart", "--data", str(path)]
    assert cli.main(command) == 1
    assert "expected 20 scenes, got 1" in capsys.readouterr().out
    listed = tmp_path / "target.json"
    listed.write_text(json.dumps([f"{case.name}_prep.nc"]))
    assert cli.main([*command, "--target", str(listed)]) == 0
    listed.write_text(json.dumps([f"{case.name}_prep.nc", "20180124T194759_dmi_prep.nc"]))
    assert cli.main([*command, "--target", str(listed)]) == 1
    assert "20180124T194759_dmi_SIC, got none" in capsys.readouterr().out


def test_the_doctor_and_prepare_on_the_command_line(chart_settings, tmp_path, capsys):
    folder = chart_settings.data
    assert cli.main(["doctor", "icechart", "--data", folder, "--plots", str(tmp_path / "p")]) == 0
    assert "5 scenes" in capsys.readouterr().out
    assert (tmp_path / "p" / "composition.png").stat().st_size > 0
    flags = ["--data", folder, "--out", str(tmp_path / "s"), "--downscale", "10"]
    assert cli.main(["prepare", "icechart", *flags]) == 0
    assert "5 files" in capsys.readouterr().out
    assert cli.main(["prepare", "clouds", "--out", str(tmp_path / "c")]) == 1
    assert "expected a task with data to prepare" in capsys.readouterr().err
