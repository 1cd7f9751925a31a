"""Which network predicts the next code from those of five years: LSTMs or attention?

The two tables of the Dacon contest entry, 100 epochs each on the codes of the autoencoder
`two_conv` of forecast_autoencoders.py; forecast_final.py trains the selected two for longer. Real
data with SEAICE_TF_DATA; about an hour on two cores.

Usage: python experiments/forecast_sequences.py [VARIANT...]
"""

import sys

import dacon_entry as entry

LOSSES = {
    "lstm_1": 0.0611,
    "lstm_2": 0.0614,
    "lstm_3": 0.0626,
    "lstm_1_norm": 0.0620,
    "lstm_2_norm": 0.0605,
    "lstm_1_bigger": 0.0611,
    "lstm_2_bigger": 0.0615,
    "lstm_1_smaller": 0.0616,
    "conv_lstm_1": 0.0609,
    "conv_lstm_2": 0.0622,
    "attention_4": 0.0635,
    "attention_8_skips": 0.0611,
}


def main(variants: list[str]) -> None:
    entry.show([(variant, entry.sequence(variant), LOSSES[variant]) for variant in variants])


if __name__ == "__main__":
    main(sys.argv[1:] or list(LOSSES))
