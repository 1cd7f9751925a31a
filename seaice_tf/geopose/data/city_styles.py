"""What tells the four cities of the Overhead Geopose set apart, as far as a made-up one goes."""

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Style:
    """How a city is built and how it was looked at. Lengths are metres."""

    gsd: tuple[float, float]  # from, to
    tilt: tuple[float, float]  # degrees of the line of sight off the vertical
    sun: tuple[float, float]  # degrees above the horizon
    block: tuple[float, float]  # along and across the streets
    lots: tuple[int, int]  # of a block
    street: float
    height: float  # median of the eaves
    spread: float  # of the logarithm of the height
    highest: float
    downtown: float  # how many times as high the middle of the town is
    gabled: float  # shares of the lots
    built: float
    trees: float  # share of the places where one may stand
    river: bool
    roofs: tuple[Colour, ...]
    walls: tuple[Colour, ...]
    ground: Colour
    road: Colour = (96, 96, 98)
    water: Colour = (38, 58, 66)
    tree: Colour = (46, 66, 38)


STYLES = {
    "ARG": Style(
        gsd=(0.3, 0.5),
        tilt=(8, 33),
        sun=(30, 60),
        block=(110, 90),
        lots=(9, 4),
        street=11,
        height=4.5,
        spread=0.4,
        highest=45,
        downtown=3,
        gabled=0.35,
        built=0.9,
        trees=0.35,
        river=False,
        roofs=((158, 92, 70), (172, 108, 84), (176, 172, 166), (136, 132, 128)),
        walls=((196, 186, 170), (208, 204, 196)),
        ground=(122, 118, 92),
    ),
    "ATL": Style(
        gsd=(0.45, 0.85),
        tilt=(7, 40),
        sun=(35, 65),
        block=(130, 120),
        lots=(3, 2),
        street=17,
        height=9,
        spread=0.7,
        highest=170,
        downtown=9,
        gabled=0.15,
        built=0.75,
        trees=0.75,
        river=False,
        roofs=((168, 164, 158), (120, 118, 118), (198, 196, 192), (104, 92, 84)),
        walls=((120, 128, 140), (160, 148, 134), (88, 100, 116)),
        ground=(88, 96, 64),
        tree=(40, 62, 32),
    ),
    "JAX": Style(
        gsd=(0.3, 0.5),
        tilt=(6, 30),
        sun=(40, 70),
        block=(150, 74),
        lots=(6, 2),
        street=12,
        height=5,
        spread=0.45,
        highest=70,
        downtown=4,
        gabled=0.75,
        built=0.75,
        trees=0.6,
        river=True,
        roofs=((128, 122, 116), (150, 140, 128), (96, 92, 92), (188, 186, 182)),
        walls=((206, 200, 188), (182, 178, 172)),
        ground=(104, 116, 78),
    ),
    "OMA": Style(
        gsd=(0.3, 0.5),
        tilt=(5, 28),
        sun=(25, 60),
        block=(120, 84),
        lots=(6, 2),
        street=14,
        height=6,
        spread=0.5,
        highest=60,
        downtown=3,
        gabled=0.6,
        built=0.7,
        trees=0.4,
        river=False,
        roofs=((104, 82, 72), (118, 110, 104), (150, 146, 142), (84, 78, 76)),
        walls=((148, 104, 84), (170, 150, 128)),
        ground=(134, 128, 96),
        tree=(64, 76, 48),
    ),
}
