"""Every control of every kind of part, used in a browser."""

import re

import numpy as np
import pytest

from seaice_tf.report import page
from seaice_tf.report.page import Page
from seaice_tf.report.parts import Choice, Fold, Heat, Lines, Prose, Section, Series, Table
from seaice_tf.report.pictures import (
    Edge,
    Field,
    Frames,
    Masks,
    Pair,
    Photo,
    Picture,
    Scene,
    Scenes,
    Swipe,
    packed,
)

EVIL = "</script><b>bold</b>"
RAMP = np.linspace(0, 1, 20 * 30).reshape(20, 30)


def picture(name: str, shade: int, photo: bool = False) -> Picture:
    image = np.full((20, 30, 3), shade, np.uint8)
    image[:, :3] = 255 - shade
    return Picture(name, f"{name} alt", image, photo)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    frames = np.stack([np.roll(RAMP, 3 * i, axis=1) for i in range(4)])
    frames[:, :4, :4] = np.nan
    fields = [
        Field("forecast", packed(frames), "ice", 0, 1),
        Field("truth", packed(frames[::-1]), "ice", 0, 1),
        Field("difference", None, "change", -1, 1, (0, 1)),
    ]
    probabilities = np.stack([RAMP, RAMP[::-1]])
    photos = [
        Photo(
            f"{EVIL}{i}.jpg",
            picture("photo", 90, photo=True),
            packed(np.floor(probabilities * 50) / 50),
            [0.9, 0.3],
            (RAMP >= 0.5).astype(np.uint8),
            (RAMP >= 0.25).astype(np.uint8),
        )
        for i in range(3)
    ]
    pictures = {"SIC": [picture("chart", 50)], "SOD": [picture("stage", 70)]}
    curves = [
        Series("one", [3.0, 2.0, 1.0]),
        Series("two", [1.0, float("nan"), 2.0], "dashes"),
        Series("band", [3.5, 3.0, 2.5], "band", [0.5, 0.4, 0.3]),
    ]
    sections = [
        Section("Frames", [Frames("Maps", list("abcd"), fields, [Edge("edge", 1, 0.5)])]),
        Section(
            "Side by side",
            [Frames("Play", list("abcd"), fields[:2], side_by_side=True, seconds=0.05)],
        ),
        Section(
            "Masks", [Masks("Masks", {"A": "#56b4e9", "B": "#e69f00"}, photos, (0.5, 0.5), (0, 0))]
        ),
        Section(
            "Scenes",
            [
                Scenes(
                    "Scenes",
                    [
                        Scene(f"{EVIL}{i}", f"score {i}", picture("SAR", 99), pictures)
                        for i in range(3)
                    ],
                    {"SIC": {"0 %": "#0064ff"}},
                )
            ],
        ),
        Section(
            "Swipe",
            [
                Swipe(
                    "Swipe",
                    [
                        Pair(
                            "p",
                            picture("under", 20),
                            picture("over", 200),
                            np.array([[0.2, 0.2, 0.3, 0.1]]),
                        ),
                        Pair("q", picture("below", 40), picture("above", 160)),
                    ],
                )
            ],
        ),
        Section(
            "Curves",
            [
                Lines("Curves", ["x", "y", "z"], curves, "step", "unit", log=True),
                Lines("Numbers", [1.0, 10.0, 100.0], curves[:1], "rate", "unit", x_log=True),
                Lines("One", [1.0], [Series("s", [2.0], "dots")], "rate", "unit"),
            ],
        ),
        Section(
            "Tables",
            [
                Table("Sorted", ["name", "n"], [["b", 2.0], ["a", 10.0], ["c", float("nan")]]),
                Table("Wide", [f"column {i}" for i in range(20)], [["a", *range(19)]]),
                Lines("Classes", [0.0, 1.0], [Series("A", [0.0, 1.0], colour="#56b4e9")], "x", "y"),
                Heat("Heat", ["r"], ["c", "d"], np.array([[0.2, np.nan]]), 0, 1),
                Choice(
                    "Pick",
                    {
                        "first": [Prose("**first**")],
                        "second": [
                            Lines("Hidden", [1.0, 2.0], [Series("h", [1.0, 2.0])], "x", "y")
                        ],
                    },
                ),
                Fold("More", [Prose("folded")]),
            ],
        ),
    ]
    return page.write(
        tmp_path_factory.mktemp("page") / "every_part.html", Page(EVIL, "All parts", sections)
    )


def widget(shown, title: str):
    return shown.locator(".widget", has=shown.get_by_role("heading", name=title, exact=True))


def test_maps_step_by_slider_and_keys_and_switch_layers(browse, path):
    shown = browse(path)
    maps = widget(shown, "Maps")
    label = maps.locator("output.when")
    assert label.text_content() == "a"
    maps.locator("input[type=range]").press("ArrowRight")
    assert label.text_content() == "b"
    view = maps.locator(".view")
    for key, wanted in (
        ("ArrowRight", "c"),
        ("End", "d"),
        ("ArrowRight", "a"),
        ("ArrowLeft", "d"),
        ("Home", "a"),
    ):
        view.press(key)
        assert label.text_content() == wanted
    pixels = "canvas => canvas.toDataURL()"
    canvas = maps.locator("canvas:visible")
    first = canvas.evaluate(pixels)
    maps.get_by_role("radio", name="difference", exact=True).check()
    assert maps.locator("canvas:visible").get_attribute("aria-label") == "difference, a"
    maps.get_by_role("radio", name="forecast", exact=True).check()
    assert canvas.evaluate(pixels) == first
    maps.get_by_role("checkbox", name="edge").uncheck()
    assert canvas.evaluate(pixels) != first
    maps.get_by_role("checkbox", name="side by side").check()
    assert maps.locator("canvas:visible").count() == 3
    maps.locator("canvas").first.hover(position={"x": 2, "y": 2})
    assert "row 0, column 0: forecast no data" in maps.locator(".readout").text_content()


def test_animations_play_side_by_side(browse, path):
    shown = browse(path)
    play = widget(shown, "Play")
    assert play.locator("canvas:visible").count() == 2
    play.get_by_role("button", name="Play").click()
    play.locator("output.when", has_text=re.compile("[bcd]")).wait_for()
    play.get_by_role("button", name="Pause").click()
    at = play.locator("output.when").text_content()
    shown.wait_for_timeout(150)
    assert play.locator("output.when").text_content() == at


def test_thresholds_redraw_masks_and_dice(browse, path):
    shown = browse(path)
    masks = widget(shown, "Masks")
    dice = masks.locator("tbody output.dice").first
    own = float(dice.text_content())
    assert own == pytest.approx(2 * 300 / (450 + 300), abs=2e-3)
    pixels = masks.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    corner = "canvas => canvas.getContext('2d').getImageData(1, 1, 1, 1).data[3]"
    assert masks.locator("canvas").evaluate(corner) == 0  # where no class is nothing is drawn
    slider = masks.get_by_label("A: threshold of the pixels")
    slider.fill("0.5")
    assert float(dice.text_content()) == pytest.approx(1, abs=0.01)
    assert masks.get_by_role("radio", name="by these sliders").is_checked()
    assert masks.locator("canvas").evaluate("canvas => canvas.toDataURL()") != pixels
    masks.get_by_label("A: least probability in the photo").fill("0.92")
    assert float(dice.text_content()) == 0
    masks.get_by_role("button", name="Reset").click()
    assert float(dice.text_content()) == own
    masks.get_by_role("checkbox", name="labelled outlines").uncheck()
    masks.get_by_role("checkbox", name="A", exact=True).uncheck()
    masks.get_by_role("button", name="Photo after").click()
    assert masks.get_by_role("combobox", name="Photo").input_value() == "1"
    masks.get_by_role("button", name="Photo before").click()
    masks.get_by_role("combobox", name="Photo").select_option("2")
    assert shown.get_by_text(re.compile("^bold$")).count() == 0


def test_scenes_are_chosen_by_click_and_keys(browse, path):
    shown = browse(path)
    scenes = widget(shown, "Scenes")
    scenes.get_by_role("button").nth(1).click()
    assert scenes.locator("h4").text_content() == f"{EVIL}1, score 1"
    scenes.locator("button[aria-pressed=true]").press("ArrowRight")
    assert scenes.locator("h4").text_content() == f"{EVIL}2, score 2"
    assert scenes.get_by_alt_text("chart alt").is_visible()
    scenes.get_by_role("radio", name="SOD").check()
    assert scenes.get_by_alt_text("stage alt").is_visible()
    assert scenes.get_by_alt_text("chart alt").count() == 0


def test_a_handle_wipes_two_pictures(browse, path):
    shown = browse(path)
    swipe = widget(shown, "Swipe")
    handle = swipe.locator("input[type=range]")
    handle.press("ArrowRight")
    assert "49%" in swipe.locator("img.over").get_attribute("style")
    handle.press("Home")
    arrows = swipe.locator("canvas")
    drawn = arrows.evaluate("canvas => canvas.toDataURL()")
    swipe.get_by_role("checkbox", name="arrows").uncheck()
    assert arrows.evaluate("canvas => canvas.toDataURL()") != drawn
    swipe.get_by_role("combobox", name="Picture").select_option("1")
    assert swipe.get_by_alt_text("above alt").count() == 1


def test_curves_are_read_by_keys_and_switched(browse, path):
    shown = browse(path)
    curves = widget(shown, "Curves")
    plot = curves.locator(".plot")
    plot.press("ArrowRight")
    readout = curves.locator(".readout")
    assert readout.text_content() == "x: one 3 · two 1 · band 0.500 to 3.500"
    plot.press("End")
    plot.press("ArrowLeft")
    assert readout.text_content().startswith("y: one 2 · band")
    curves.get_by_role("button", name="two").click()
    assert curves.get_by_role("button", name="two").get_attribute("aria-pressed") == "false"
    curves.get_by_role("checkbox", name="logarithmic").check()
    curves.locator("summary").click()
    curves.locator("table tbody tr").first.wait_for()  # drawn when it is opened, a moment later
    assert curves.locator("table tbody tr").count() == 3
    plot.hover()


def test_tables_sort_and_hidden_parts_are_drawn_when_shown(browse, path):
    shown = browse(path)
    table = widget(shown, "Sorted")
    names = table.locator("tbody th")
    table.get_by_role("button", name="n", exact=True).click()
    assert names.all_text_contents() == ["b", "a", "c"]
    table.get_by_role("button", name="n", exact=True).click()
    assert names.all_text_contents() == ["a", "b", "c"]
    table.get_by_role("button", name="name").click()
    assert names.all_text_contents() == ["a", "b", "c"]
    assert table.locator("th[aria-sort=ascending]").count() == 1
    shown.get_by_role("combobox", name="Pick").select_option("second")
    shown.wait_for_selector(".option:not([hidden]) canvas")
    shown.get_by_text("More", exact=True).click()
    assert shown.get_by_text("folded").is_visible()


def test_dark_and_printed_it_stays_whole(browse, path):
    shown = browse(path, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert shown.evaluate(ground) == "rgb(10, 17, 24)"
    shown.emulate_media(media="print", color_scheme="light")
    assert shown.evaluate(ground) == "rgb(255, 255, 255)"
    assert not shown.locator("nav.contents").is_visible()
    shown.emulate_media(media="screen", color_scheme="dark")
    shown.evaluate(
        "dispatchEvent(new Event('beforeprint')); dispatchEvent(new Event('afterprint'))"
    )


NARROW = {"viewport": {"width": 400, "height": 800}}


@pytest.mark.parametrize("options", [{}, NARROW], ids=["wide", "narrow"])
def test_nothing_is_wider_than_the_screen(browse, path, options):
    shown = browse(path, **options)
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    outside = shown.evaluate(
        """() => [...document.querySelectorAll('.sliders td, .sliders th, button, select')]
        .filter((e) => e.offsetParent && !e.closest('.strip, .scroll')
            && e.getBoundingClientRect().right > innerWidth)
        .map((e) => e.outerHTML.slice(0, 100))"""
    )
    assert outside == []


def test_controls_are_large_enough_to_touch(browse, path):
    shown = browse(path)
    small = shown.evaluate(
        """() => [...document.querySelectorAll('button, select')]
        .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 24)
        .map((e) => e.outerHTML.slice(0, 100))"""
    )
    assert small == []


CONTRAST = """() => {
    const parse = (text) => text.match(/[0-9.]+/g).map(Number);
    const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255)
        .map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const ground = (e) => {
        for (; e; e = e.parentElement) {
            const style = getComputedStyle(e), rgb = parse(style.backgroundColor);
            if (style.backgroundImage !== 'none') return null;
            if (rgb.length < 4 || rgb[3] === 1) return rgb;
        }
        return [255, 255, 255];
    };
    const low = [];
    for (const e of document.querySelectorAll('body *')) {
        const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
        const below = text && e.offsetParent && ground(e);
        if (!below || e.closest('svg, script, canvas')) continue;
        const pair = [light(parse(getComputedStyle(e).color)), light(below)].sort((a, b) => b - a);
        const ratio = (pair[0] + .05) / (pair[1] + .05);
        if (ratio < 4.5) low.push([ratio.toFixed(2), e.outerHTML.slice(0, 120)]);
    }
    return low;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browse, path, scheme):
    assert browse(path, color_scheme=scheme).evaluate(CONTRAST) == []


def test_printed_tables_are_whole(browse, path):
    shown = browse(path, viewport={"width": 700, "height": 900})
    shown.locator(".scroll").first.evaluate("e => { e.scrollTop = 50; }")
    shown.emulate_media(media="print")
    assert shown.locator("thead th").first.evaluate("e => getComputedStyle(e).position") == "static"
    cut = shown.evaluate(
        """() => [...document.querySelectorAll('.scroll')]
        .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
        .map((e) => e.getAttribute('aria-label') || e.getAttribute('aria-labelledby'))"""
    )
    assert cut == []


def test_a_wide_table_says_that_it_goes_on(browse, path):
    shown = browse(path, **NARROW)
    assert widget(shown, "Wide").get_by_text("more columns").is_visible()
    assert not widget(shown, "Sorted").get_by_text("more columns").is_visible()


def test_maps_side_by_side_are_of_one_size(browse, path):
    shown = browse(path, viewport={"width": 700, "height": 900})
    maps = widget(shown, "Maps")
    maps.get_by_role("checkbox", name="side by side").check()
    widths = maps.locator(".panel:visible").evaluate_all("all => all.map((e) => e.clientWidth)")
    assert len(set(widths)) == 1


def test_a_curve_of_a_class_has_the_colour_of_its_masks(browse, path):
    shown = browse(path)
    mark = widget(shown, "Classes").locator(".legend .swatch").first
    colour = mark.evaluate("e => e.style.getPropertyValue('--colour')")
    channels = [int(value) for value in re.findall(r"\d+", colour)]
    assert channels[2] > channels[1] > channels[0]  # blue as the masks of A, if darker


def test_what_is_reached_by_keyboard_has_a_name(browse, path):
    shown = browse(path)
    nameless = shown.evaluate(
        """() => [...document.querySelectorAll('button,select,input,canvas,img,[tabindex="0"]')]
        .filter((e) => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')
            || e.getAttribute('aria-hidden') || e.labels?.length || e.textContent.trim()
            || e.hasAttribute('alt'))).map((e) => e.outerHTML.slice(0, 200))"""
    )
    assert [html for html in nameless if "u-" not in html and "<canvas width" not in html] == []
