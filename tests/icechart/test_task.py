"""What the ice charts do beyond what every task must."""

import dataclasses
import json
import shutil

import netCDF4
import numpy as np
import pytest
import tensorflow as tf

from seaice_tf import pipeline
from seaice_tf.cli import main as cli
from seaice_tf.errors import InputError
from seaice_tf.grids import tiles
from seaice_tf.icechart import examples
from seaice_tf.icechart.cases import EvaluateOptions
from seaice_tf.icechart.data import decision as ice_decision
from seaice_tf.icechart.data.charts import CHARTS, CLASSES
from seaice_tf.icechart.networks.unet import FILTERS, alignment, network
from seaice_tf.icechart.products import upload as icechart_upload
from seaice_tf.icechart.task import TASK
from seaice_tf.networks.unet import context
from seaice_tf.runs import ensemble, fit


def pointwise(batch):
    """Stands for a SavedModel whose maps depend on the pixel alone, so that tiles change none."""
    first = np.asarray(batch)[..., 0]
    fields = {"concentration": np.clip(5 + 3 * first, 0, 10)}
    water = (1 / (1 + np.exp(first)))[..., None]
    for chart in CHARTS:
        odds = np.exp(first[..., None] * np.arange(1, len(CLASSES[chart])) / 3)
        ice = odds / odds.sum(axis=-1, keepdims=True)
        fields[f"{chart}_probabilities"] = np.concatenate([water, (1 - water) * ice], axis=-1)
    uncertainty = ice_decision.uncertainty(fields, "entropy")
    return {**ice_decision.decide(fields, True), **fields, "uncertainty": uncertainty}


@pytest.mark.parametrize("tile", [8, 24])  # 24 is higher than the scene
def test_a_scene_in_tiles_is_the_scene_at_once(tile, chart_settings):
    at_once = next(iter(TASK.data.cases(chart_settings))).pieces(pointwise)
    small = dataclasses.replace(chart_settings, tile=tile)
    tiled = next(iter(TASK.data.cases(small))).pieces(pointwise)
    assert at_once["SIC"].shape == (21, 26)  # neither is a multiple of the tile
    for chart in CHARTS:
        np.testing.assert_array_equal(tiled[chart], at_once[chart])
    for name in ("SIC_probabilities", "uncertainty"):
        held = ice_decision.unpacked(tiled[name])
        np.testing.assert_allclose(held, at_once[name], atol=0.0021)


@pytest.fixture(scope="module")
def wide(chart_settings):
    """A network of three levels and of large weights, which sees far."""
    settings = dataclasses.replace(chart_settings, filters=(3, 4, 4))
    model = TASK.training.build(settings)
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.2, 1.2, w.shape) * 0.2 for w in model.get_weights()])
    image = rng.normal(size=(61, 67, len(settings.channels))).astype(np.float32)
    return settings, image, lambda batch: np.asarray(model(batch)["SOD"])


def whole_and_tiled(image, serve, side, halo, align):
    whole_image, tiled = serve(image[None])[0], np.full((*image.shape[:2], 6), np.nan, np.float32)
    for band in tiles.parts(image.shape[:2], side, halo, align):
        for window, around in band:
            part = serve(image[around.slices][None])[0]
            tiled[window.slices] = tiles.inside(part, window, around)
    return whole_image, tiled


def test_tiles_with_the_context_of_the_network_leave_no_trace(wide):
    settings, image, serve = wide
    align = alignment(len(settings.filters))
    halo = context(len(settings.filters))
    assert (align, halo) == (4, 26)
    at_once, tiled = whole_and_tiled(image, serve, 9, halo, align)
    scale = np.abs(at_once).max()
    np.testing.assert_allclose(tiled / scale, at_once / scale, atol=1e-5)
    _, cut_short = whole_and_tiled(image, serve, 9, 8, align)
    assert np.abs(cut_short - at_once).max() > 1e-3 * scale


@pytest.mark.soak
@pytest.mark.parametrize(("levels", "heads"), [(4, 0), (8, 0), (8, 2)])
def test_a_scene_of_2048_pixels_in_tiles_is_the_scene_at_once(levels, heads):
    """To 1e-4 at every pixel; with attention between all pixels the difference is only told."""
    model = network(3, filters=FILTERS[levels], attention_heads=heads)
    rng = np.random.default_rng(0)
    weights = [w + 0.1 * rng.normal(size=w.shape) * (w.ndim == 1) for w in model.get_weights()]
    model.set_weights([np.abs(w) if w.ndim == 1 else w for w in weights])
    image = rng.normal(size=(2048, 2048, 3)).astype(np.float32)
    # As a graph it lets go of what it no longer needs.
    signature = [tf.TensorSpec((1, None, None, 3))]
    graph = tf.function(lambda x: model(x)["SOD"], input_signature=signature)
    at_once, tiled = whole_and_tiled(
        image, lambda x: graph(x).numpy(), 512, context(levels), alignment(levels)
    )
    most = np.abs(tiled - at_once).max()
    print(f"{levels} levels, {heads} heads: {most:.1e} of values up to {np.abs(at_once).max():.1f}")
    assert heads or most < 1e-4


def test_views_are_turned_back_and_pixels_that_stand_alone_do_not_change(chart_settings):
    case = next(iter(TASK.data.cases(chart_settings)))
    at_once = case.pieces(pointwise)
    for views, tile in (("flips", 64), ("all", 64), ("all", 8)):
        turned = dataclasses.replace(chart_settings, views=views, tile=tile)
        found = next(iter(TASK.data.cases(turned))).pieces(pointwise)
        for chart in CHARTS:
            np.testing.assert_array_equal(found[chart], at_once[chart])


def test_scores_by_condition_and_class(chart_settings):
    options = EvaluateOptions("all", by=("month", "location", "class"))
    pairs = [(case, case.truth) for case in TASK.data.cases(chart_settings, options)]
    found = TASK.verification.score(pairs, options)
    assert found["score"] == pytest.approx(100)
    kinds = {"location", "month", "year", "service", "satellite", "class"}
    assert {key.split("_")[0] for key in found if "/" in key} == kinds
    assert found["class_SOD open water/recall"] == 1
    months = {case.context.labels()["month"] for case, _ in pairs}
    assert sum(found[f"month_{month}/scenes"] for month in months) == len(pairs) == 5


def test_every_pixel_is_in_one_distance_and_one_tenth_of_uncertainty(chart_settings):
    options = EvaluateOptions("all", by=("distance", "uncertainty", "reliability"))
    cases = TASK.data.cases(chart_settings, options)
    found = TASK.verification.score(((case, case.pieces(pointwise)) for case in cases), options)
    charted = sum((case.truth["SIC"] != 255).sum() for case in cases)
    for kind in ("distance", "uncertainty", "reliability_SIC"):
        pixels = [n for key, n in found.items() if key.startswith(kind) and "/pixels" in key]
        assert sum(pixels) == charted
    dumb = TASK.verification.score(
        ((c, TASK.verification.baselines["usual"](c)) for c in cases), options
    )
    assert set(dumb) == set(found)  # they stand beside each other in a table
    assert np.isnan(dumb["uncertainty_01_certain/score"])


def test_charts_as_netcdf(chart_settings, tmp_path):
    small = dataclasses.replace(chart_settings, tile=8)
    cases = TASK.data.cases(small, EvaluateOptions("all"))
    case = max(cases, key=lambda case: (case.truth["SIC"] == 255).sum())  # much of it is land
    fields = case.pieces(pointwise)
    TASK.products.write([(case, fields)], tmp_path, "a model")
    with netCDF4.Dataset(tmp_path / "charts" / f"{case.name}.nc") as examples:
        sic, odds = examples["SIC"][:], examples["SIC_probability"][:]
        known = ~np.ma.getmaskarray(sic)
        np.testing.assert_array_equal(sic[known], fields["SIC"][known])
        expected = ice_decision.unpacked(fields["SIC_probabilities"])
        np.testing.assert_allclose(np.moveaxis(odds, 0, -1)[known], expected[known], atol=1e-6)
        tied = case.context.scene.latitude
        assert tied.min() - 0.1 < examples["latitude"][:].min() < examples["latitude"][:].max()
        assert examples["SOD"].flag_meanings.split()[0] == "open_water"
        assert 0.1 < known.mean() < 0.95


def test_the_doctor_looks_at_an_upload_file(chart_settings, tmp_path, capsys):
    (case,) = TASK.data.cases(chart_settings)
    upload = icechart_upload.write(tmp_path / "upload.nc", [(case.name, case.truth)])
    command = ["doctor", "icechart", "--data", str(upload)]
    assert cli.main(command) == 1
    assert "expected 20 scenes, got 1" in capsys.readouterr().out
    listed = tmp_path / "target.json"
    listed.write_text(json.dumps([f"{case.name}_prep.nc"]))
    assert cli.main([*command, "--target", str(listed)]) == 0
    listed.write_text(json.dumps([f"{case.name}_prep.nc", "20180124T194759_dmi_prep.nc"]))
    assert cli.main([*command, "--target", str(listed)]) == 1
    assert "20180124T194759_dmi_SIC, got none" in capsys.readouterr().out


def test_a_damaged_scene_is_left_out_only_when_asked_for(chart_settings, tmp_path, capsys):
    folder = tmp_path / "scenes"
    shutil.copytree(chart_settings.data, folder)
    bad = examples.charted(chart_settings)[1].path.name
    with netCDF4.Dataset(folder / bad, "a") as file:
        file["btemp_18_7v"][0, 0] = np.nan
    given = dataclasses.replace(chart_settings, data=str(folder))
    with pytest.raises(InputError, match="expected numbers in btemp_18_7v"):
        examples.learnt_from(given)
    skipping = dataclasses.replace(given, skip_damaged=True)
    held = examples.learnt_from(skipping).scenes
    assert bad not in [each.name.prep for each in held]
    assert len(held) == 3
    assert f"{bad}: values of btemp_18_7v" in capsys.readouterr().out


def test_one_component_of_the_wind_cannot_be_turned(chart_settings):
    one = (*chart_settings.channels, "u10m_rotated")
    with pytest.raises(InputError, match="expected both of u10m_rotated, v10m_rotated"):
        dataclasses.replace(chart_settings, channels=one)
    dataclasses.replace(chart_settings, channels=one, turns=False)


def test_runs_of_other_channels_make_no_ensemble(chart_settings):
    other = dataclasses.replace(chart_settings, channels=chart_settings.channels[::-1])
    with pytest.raises(InputError, match="expected runs with channels"):
        ensemble.cases(TASK, [chart_settings, other], TASK.data.future)
    deeper = dataclasses.replace(chart_settings, filters=(2, 2, 2), views="all")
    assert len(ensemble.cases(TASK, [chart_settings, deeper], TASK.data.future)) == 5


def test_mixed_precision_trains_and_serves_float32(chart_settings, tmp_path):
    training = dataclasses.replace(
        chart_settings.training, epochs=1, precision="mixed_bfloat16", batch_size=8
    )
    settings = dataclasses.replace(chart_settings, training=training, filters=(4,))
    model = fit.network(TASK, settings, tmp_path)
    assert model.get_layer("down0_conv1").compute_dtype == "bfloat16"
    assert TASK.training.build(settings).get_layer("down0_conv1").compute_dtype == "float32"
    batch = next(iter(pipeline.in_order(TASK.data.splits(settings).validation, 2)))
    losses = [np.ravel(model.train_on_batch(*batch))[0] for _ in range(4)]
    assert losses[-1] < losses[0]
    assert {np.asarray(head).dtype.name for head in model(batch[0]).values()} == {"float32"}


def test_the_doctor_and_prepare_on_the_command_line(chart_settings, tmp_path, capsys):
    folder = chart_settings.data
    assert cli.main(["doctor", "icechart", "--data", folder, "--plots", str(tmp_path / "p")]) == 0
    assert "5 scenes" in capsys.readouterr().out
    assert (tmp_path / "p" / "shares.png").stat().st_size > 0
    flags = ["--data", folder, "--out", str(tmp_path / "s"), "--downscale", "10"]
    assert cli.main(["prepare", "icechart", *flags]) == 0
    assert "5 files" in capsys.readouterr().out
    assert cli.main(["prepare", "clouds", "--out", str(tmp_path / "c")]) == 1
    assert "expected a task whose data need it" in capsys.readouterr().err
