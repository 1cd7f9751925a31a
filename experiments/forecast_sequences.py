"""Which network carries the codes of five years on to the next: LSTMs or attention?

The two tables of the contest entry, 100 epochs each on the codes of its autoencoder
(forecast_autoencoders.py), the choices for 400 and 200. Real data with SEAICE_TF_DATA; about an
hour on two cores.

Usage: python experiments/forecast_sequences.py
"""

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


def main() -> None:
    runs = {variant: entry.run("sequence", variant, "lstm") for variant in LSTMS}
    runs |= {variant: entry.run("sequence", variant, "adam") for variant in ATTENTIONS}
    table = [
        (variant, runs[variant], entry.EPOCHS, loss)
        for variant, loss in (LSTMS | ATTENTIONS).items()
    ]
    table.append(("lstm_2_norm, the choice", runs["lstm_2_norm"], 400, 0.0600))
    table.append(("attention_8_skips, the choice", runs["attention_8_skips"], 200, float("nan")))
    entry.show(table)


if __name__ == "__main__":
    main()
