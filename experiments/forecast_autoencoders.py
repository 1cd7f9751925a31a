"""Which autoencoder keeps the most of a month in 256 values?

The table of the contest entry, 100 epochs each; another number of epochs as an argument trains them
for as long, the entry's choice was `two_conv` for 700. The last 15 years before 2007; 2007-2009
chose the epoch. Real data with SEAICE_TF_DATA; about an hour on two cores.

Usage: python experiments/forecast_autoencoders.py [EPOCHS [VARIANT...]]
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


def main(epochs: int, variants: list[str]) -> None:
    entry.show(
        [(variant, entry.autoencoder(variant, epochs), LOSSES[variant]) for variant in variants]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else entry.EPOCHS, sys.argv[2:] or list(LOSSES))
