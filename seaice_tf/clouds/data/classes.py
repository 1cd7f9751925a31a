"""The codes of the contest "Understanding Clouds from Satellite Images"."""

CLASSES = ("Fish", "Flower", "Gravel", "Sugar")  # in the order of the contest's files
LABEL_SHAPE = (1400, 2100)  # (rows, columns) on which the training masks are coded
SCORE_SHAPE = (350, 525)  # on which a submission is coded, and scored
COLUMNS = ("Image_Label", "EncodedPixels")  # of train.csv and of a submission
SYNTHETIC = "SYNTHETIC.txt"  # a file that marks a folder of made-up images


def split_label(label: str) -> tuple[str, str] | None:
    """The name of the image and the class; None where a label has none of the four classes.

    >>> split_label("0011165.jpg_Fish")
    ('0011165.jpg', 'Fish')
    """
    name, _, kind = label.rpartition("_")
    return (name, kind) if name and kind in CLASSES else None


def join_label(name: str, kind: str) -> str:
    return f"{name}_{kind}"
