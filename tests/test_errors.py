"""Messages of errors, in whatever Keras wraps them."""

import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.errors import InputError, one_line, reason

pytestmark = pytest.mark.filterwarnings("ignore:Layer .* looks like it has unbuilt state")
IN_GRAPHS = pytest.mark.skipif(
    not compat.is_keras_3(),
    reason="Keras 2 converts calls with AutoGraph, which raises an error of its own",
)
MESSAGE = "crops: side: expected at least 3, got 2; use larger maps"


class Raises(keras.layers.Layer):
    """A layer whose call raises an error of a kind."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def call(self, x):
        raise self.kind(MESSAGE)


class Outer(keras.layers.Layer):
    """A layer that calls another one."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, x):
        return self.inner(x)


@pytest.mark.parametrize("kind", [InputError, ValueError])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("symbolic", [False, pytest.param(True, marks=IN_GRAPHS)])
def test_an_error_in_the_call_of_a_layer_reads_as_it_was_raised(kind, nested, symbolic):
    layer = Outer(Raises(kind)) if nested else Raises(kind)
    x = keras.Input((4, 4, 1)) if symbolic else tf.zeros((1, 4, 4, 1))
    with pytest.raises(kind) as error:
        layer(x)
    assert reason(error.value) == one_line(str(error.value)) == MESSAGE


@IN_GRAPHS
def test_an_error_while_a_model_is_fitted_reads_as_it_was_raised():
    model = keras.Sequential([Outer(Raises(InputError))])
    model.compile(loss="mse")
    with pytest.raises(InputError) as error:
        model.fit(tf.zeros((1, 4)), tf.zeros((1, 4)), verbose=0)
    assert str(error.value) == MESSAGE


def test_the_words_of_keras_2_are_taken_off_in_every_keras():
    layer = 'layer "raises" (type Raises)'
    text = (
        f"Exception encountered when calling {layer}.\n\n{MESSAGE}\n\n"
        f"Call arguments received by {layer}:\n  • x=tf.Tensor(shape=(1, 4))"
    )
    assert str(InputError(text)) == MESSAGE


def test_other_texts_stay_as_they_are():
    for text in ("", MESSAGE, "Exception encountered when calling the server"):
        assert one_line(text) == text
    assert one_line("a\x1b[1mb") == "a\\x1b[1mb"
