"""Which autoencoder reconstructs a month best from 256 values?

The table of the Dacon contest entry, 100 epochs each; forecast_final.py trains the selected one for
700. Trained on the last 15 years before 2007, with the best epoch on 2007-2009. Real data with
SEAICE_TF_DATA; about an hour on two cores.

Usage: python experiments/forecast_autoencoders.py [VARIANT...]
"""

import sys

import dacon_entry as entry

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
