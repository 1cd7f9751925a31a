import pytest
from tensorflow import keras

from seaice_tf.nowcast.networks.per_lead_unet import LeadBlur
from seaice_tf.runs.average import Average
from seaice_tf.settings import Training


def test_weights_that_are_single_numbers_are_averaged_too():
    inputs = keras.Input((2, 4, 4))
    model = keras.Model(inputs, LeadBlur(name="blur")(inputs))
    average = Average(model, Training(average=0.5))
    before = [float(value) for value in average.values]
    for weight in model.weights:
        weight.assign(weight + 1.0)
    average.update(100)
    assert [float(v) for v in average.values] == pytest.approx([v + 0.5 for v in before])
    average.swap()
    assert [float(weight.numpy()) for weight in model.weights] == pytest.approx(
        [v + 0.5 for v in before]
    )
    assert [float(value) for value in average.values] == pytest.approx([v + 1.0 for v in before])
