import pytest

from seaice_tf.errors import InputError, one_line
from seaice_tf.files import json_text


@pytest.mark.parametrize("content", [b"[" * 100_000, b"{", b"\xff\xfe\xff", b"1" * 5000, b""])
def test_what_is_no_json_is_a_value_error_of_few_words(content):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        json_text.parse(content)
    assert len(repr(caught.value)) < 400


def test_messages_show_what_files_hold_in_one_short_line():
    message = str(InputError("a.csv: expected a name, got \x1b[2J\n\x00é"))
    assert message == "a.csv: expected a name, got \\x1b[2J\\n\\x00é"
    assert len(one_line("x" * 10**6)) < 1100
