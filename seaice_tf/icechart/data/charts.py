"""Channels, charts and classes of the AI4Arctic / AutoICE scenes.

Source: AI4Arctic Sea Ice Challenge dataset, DTU 21316608, CC BY 4.0.
"""

import numpy as np

MASK = 255  # in a chart: land, no chart, or no dominant class
FILL = 0.0  # in a channel of the SAR grid of a ready-to-train scene: no data
TIE_POINTS = 21  # along each side of a scene

CLASSES: dict[str, tuple[str, ...]] = {
    "SIC": tuple(f"{10 * tenths} %" for tenths in range(11)),
    "SOD": (
        "open water",
        "new ice",
        "young ice",
        "thin first-year ice",
        "thick first-year ice",
        "old ice",
    ),
    "FLOE": (
        "open water",
        "cake ice",
        "small floe",
        "medium floe",
        "big floe",
        "vast floe",
        "bergs",
    ),
}
CHARTS = tuple(CLASSES)
CHART_TITLES = {
    "SIC": "Sea ice concentration",
    "SOD": "Stage of development",
    "FLOE": "Floe size",
}

SAR = ("nersc_sar_primary", "nersc_sar_secondary")
FINE = (*SAR, "sar_incidenceangle", "distance_map")  # on the SAR grid
FREQUENCIES = ("6_9", "7_3", "10_7", "18_7", "23_8", "36_5", "89_0")  # GHz
AMSR2 = tuple(f"btemp_{frequency}{side}" for frequency in FREQUENCIES for side in "hv")
WEATHER = ("u10m_rotated", "v10m_rotated", "t2m", "skt", "tcwv", "tclw")
COARSE = (*AMSR2, *WEATHER)  # on the 2 km grid

# Mean and standard deviation of the raw channels over all scenes, by which the ready-to-train
# scenes are standardised: dB, degrees, zones, K, m/s, kg/m2.
MEAN_STD = {
    "nersc_sar_primary": (-14.5083, 5.65975),
    "nersc_sar_secondary": (-24.7012, 4.74676),
    "sar_incidenceangle": (33.998, 8.32227),
    "distance_map": (23.6277, 14.9902),
    "btemp_6_9h": (148.847, 61.6485),
    "btemp_6_9v": (203.519, 38.6664),
    "btemp_7_3h": (149.899, 61.6754),
    "btemp_7_3v": (204.205, 38.6662),
    "btemp_10_7h": (153.892, 60.8753),
    "btemp_10_7v": (208.904, 36.245),
    "btemp_18_7h": (165.68, 52.6179),
    "btemp_18_7v": (218.587, 28.0604),
    "btemp_23_8h": (182.209, 42.8872),
    "btemp_23_8v": (226.396, 22.1176),
    "btemp_36_5h": (185.195, 38.6444),
    "btemp_36_5v": (228.206, 17.6526),
    "btemp_89_0h": (212.537, 22.585),
    "btemp_89_0v": (241.257, 16.311),
    "u10m_rotated": (0.674799, 4.74965),
    "v10m_rotated": (0.607557, 5.1961),
    "t2m": (268.627, 9.46917),
    "skt": (268.91, 10.3053),
    "tcwv": (7.74774, 5.26858),
    "tclw": (0.0412455, 0.0711281),
}

# Relative frequency of each class among the labelled pixels of all 513 scenes with labels.
CLASS_FREQUENCIES = {
    "SIC": (0.570, 0.004, 0.022, 0.017, 0.012, 0.019, 0.012, 0.022, 0.033, 0.065, 0.224),
    "SOD": (0.666, 0.018, 0.025, 0.021, 0.148, 0.122),
    "FLOE": (0.668, 0.004, 0.024, 0.040, 0.060, 0.203, 0.001),
}
ICE_WITHOUT_STAGE = 0.33  # fraction of the ice whose stage, or floe size, is masked


def standardise(channel: str, values: np.ndarray) -> np.ndarray:
    """Standardise raw values as in the ready-to-train scenes: same shape, float32."""
    mean, deviation = MEAN_STD[channel]
    return ((values - mean) / deviation).astype(np.float32)


def physical(channel: str, values: np.ndarray) -> np.ndarray:
    """Invert `standardise`, to dB, degrees, K, m/s, kg/m2 or zones: same shape, float32.

    >>> float(physical("t2m", standardise("t2m", np.array([271.35])))[0])
    271.35
    """
    mean, deviation = MEAN_STD[channel]
    return (values * deviation + mean).astype(np.float32)
