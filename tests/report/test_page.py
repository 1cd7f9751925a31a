"""The page as text: what is in it, what is not, and that names stay text."""

import json
import re

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.report import encode, page
from seaice_tf.report.page import Page
from seaice_tf.report.parts import Heat, Interval, Lines, Prose, Section, Series, Table
from seaice_tf.report.pictures import Picture

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def of(*parts, **options) -> str:
    return page.render(Page("title", "subtitle", [Section("section", parts)], **options))


def test_names_with_html_stay_text():
    html = page.render(
        Page(
            EVIL,
            EVIL,
            [
                Section(
                    EVIL,
                    [
                        Table(EVIL, [EVIL], [[EVIL]], EVIL, {EVIL}),
                        Lines(EVIL, [EVIL], [Series(EVIL, [1.0])], EVIL, EVIL, EVIL),
                        Prose(EVIL),
                    ],
                    EVIL,
                )
            ],
            {EVIL: (EVIL, EVIL)},
            [EVIL],
        )
    )
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert html.count("</script>") == html.count("<script")


def test_only_the_page_s_own_script_may_run():
    html = of(Table("", ["a"], [["b"]]))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1]


def test_nothing_is_loaded_from_anywhere():
    html = of(Prose("![tracker](https://example.org/x.png) [a link](https://example.org)"))
    before_scripts = html.split("<script>")[0]
    assert not re.findall(r"<(?:img|link|iframe|object|script src)|@import|url\(", before_scripts)
    assert 'href="https://example.org"' in html  # is followed by a reader, not loaded
    assert 'href="javascript' not in of(Prose("[a link](javascript:alert(1))"))


def test_a_page_has_a_limit(tmp_path):
    with pytest.raises(InputError, match="expected a page of at most 5 MB"):
        page.write(tmp_path / "p.html", Page("", page.LIMIT * "x", []))
    assert not list(tmp_path.iterdir())


def test_an_interval_s_ends_and_numbers_stand_in_the_table():
    html = of(Table("", ["a", "b", "n"], [["x", Interval(0.5, 0.25, 0.75), 3.0]]))
    assert "0.500 <small>(0.250 to 0.750)</small>" in html
    assert '<td data-value="3.0">3</td>' in html
    assert '<td data-value="">-</td>' in of(Table("", ["a", "b"], [["x", float("nan")]]))


def test_arrays_and_nan_become_json():
    held = json.loads(json.dumps(encode.plain(Series("s", [1.0, float("nan")]))))
    assert held["values"] == [1.0, None]
    assert encode.plain({"a": np.zeros((2, 3), np.uint8)})["a"]["shape"] == [2, 3]


def test_pictures_keep_their_colours_in_a_palette():
    image = np.zeros((4, 5, 3), np.uint8)
    image[1:3] = 10, 200, 30
    uri = encode.image(Picture("", "", image))
    assert uri.startswith("data:image/png;base64,")
    assert encode.shrunk(image, 2).shape == (2, 2, 3)


def test_the_plotting_library_is_the_one_that_is_named():
    files = [page._file(f"vendor/uplot/{name}") for name in ("uPlot.iife.min.js", "README.md")]
    assert "(v1.6.32)" in files[0]
    assert "uPlot 1.6.32" in files[1]
    assert "MIT License" in page._file("vendor/uplot/LICENSE")
    assert len(files[0]) < 60_000


@pytest.mark.parametrize(("value", "end"), [(1.0, 1.0), (2.0, 1.0), (-3.0, -1.0)])
def test_a_value_beyond_the_colours_has_that_of_their_end(value, end):
    cells = [
        re.search(r'<td style="([^"]*)"', of(Heat("h", ["r"], ["c"], np.array([[x]]), -1, 1)))[1]
        for x in (value, end, 0.99 * end)
    ]
    assert cells[0] == cells[1]
    shades = [int(cell[12:14], 16) for cell in cells]
    assert abs(shades[1] - shades[2]) < 10  # the end of the colours is next to what is beside it
