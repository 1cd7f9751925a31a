"""Which autoencoder keeps the most of a month in 256 values?

The table of the contest entry, 100 epochs each, and its choice for longer: there 700, here 480,
the last 180 of which lowered the validation loss by .0015. The last 15 years before 2007; 2007-2009
chose the epoch. Real data with SEAICE_TF_DATA; about two hours on two cores.

Usage: python experiments/forecast_autoencoders.py
"""

import contest_entry as entry

LOSSES = {
    "two_conv": 0.0569,
    "one_conv": 0.0860,
    "two_conv_tied": 0.0606,
    "two_conv_small": 0.0577,
    "three_conv": 0.0581,
}


def main() -> None:
    rows = [
        (variant, entry.run("autoencoder", variant, "autoencoder"), entry.EPOCHS, loss)
        for variant, loss in LOSSES.items()
    ]
    longest = entry.CHOSEN["two_conv"]
    entry.show([("two_conv, the choice", entry.AUTOENCODER, longest, 0.0541), *rows])


if __name__ == "__main__":
    main()
