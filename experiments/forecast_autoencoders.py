"""Which autoencoder keeps the most of a month in 256 values?

The table of the contest entry, 100 epochs each; forecast_final.py trains the one it chose for 700.
The last 15 years before 2007; 2007-2009 chose the epoch. Real data with SEAICE_TF_DATA; about an
hour on two cores.

Usage: python experiments/forecast_autoencoders.py [VARIANT...]
"""

import sys

import contest_entry as entry

LOSSES = {
    "two_conv": 0.0569,
    "one_conv": 0.0860,
    "two_conv_tied": 0.0606,
    "two_conv_small": 0.0577,
    "three_conv": 0.0581,
}


def main(variants: list[str]) -> None:
    entry.show([(variant, entry.autoencoder(variant), LOSSES[variant]) for variant in variants])


if __name__ == "__main__":
    main(sys.argv[1:] or list(LOSSES))
