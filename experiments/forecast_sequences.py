"""Which network carries the codes of five years on to the next: LSTMs or attention?

The two tables of the contest entry, 100 epochs each on the codes of the autoencoder `two_conv` of
forecast_autoencoders.py; another number of epochs as an argument, the entry's choices were
`lstm_2_norm` for 400 and `attention_8_skips` for 200. Real data with SEAICE_TF_DATA; about an hour
on two cores.

Usage: python experiments/forecast_sequences.py [EPOCHS [VARIANT...]]
"""

import sys

import contest_entry as entry

LSTMS = {
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
}
ATTENTIONS = {"attention_4": 0.0635, "attention_8_skips": 0.0611}


def main(epochs: int, variants: list[str]) -> None:
    losses = LSTMS | ATTENTIONS
    entry.show(
        [
            (variant, entry.sequence(variant, epochs), losses[variant])
            for variant in variants or losses
        ]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else entry.EPOCHS, sys.argv[2:])
