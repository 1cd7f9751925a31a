"""Trained models as a library: load one by name or from a run's folder, predict, evaluate."""

import dataclasses
import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.runs import folder
from seaice_tf.task import Cases, Task
from seaice_tf.tasks import TASKS

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from tensorflow import keras

Source = "str | os.PathLike | xr.Dataset"  # of data: files or, for the forecast, a record


@dataclass(frozen=True)
class Model:
    """A trained model; made by `load`.

    Attributes:
        name: of the released model, or of the run.
        run: its folder.
        task: the system.
        settings: that it was trained with.
    """

    name: str
    run: Path
    task: Task
    settings: Any

    @property
    def card(self) -> str:
        """Its model card in Markdown: data, scores, limits, interface, licence."""
        return (self.run / folder.CARD).read_text()

    @property
    def scores(self) -> dict[str, Any]:
        """Its scores and those of the baselines, as `seaice-tf evaluate --json` writes them."""
        return folder.read_json(self.run / folder.SCORES)

    @property
    def saved_model(self) -> Path:
        """The TensorFlow SavedModel, which runs without this package."""
        return self.run / folder.SAVED_MODEL

    def network(self) -> "keras.Model":
        """The trained network as a compiled keras.Model, to train on or to look into."""
        from seaice_tf.networks import weights

        model = self.task.training.build(self.settings)
        weights.load(self.run / folder.WEIGHTS, model)
        return model

    def predict(self, data: "str | os.PathLike | xr.Dataset" = "", **options: Any) -> "xr.Dataset":
        """Predict what comes after the data, or what they show.

        Args:
            data: files, as of `seaice-tf predict --data`; for the forecast also a record of
                `forecast.open_archive`, or a part of one. Empty: the default data.
            options: settings of the data and options of `seaice-tf predict`, by their names.

        Returns:
            A Dataset with CF attributes: of the forecast 12 monthly maps; of the ice chart the
            charts of a scene; of the nowcast the frames of a window; of the clouds the masks of a
            photo; of geopose heights and flow.

        Raises:
            InputError: the data hold several cases, see `predictions`, or are unusable.
        """
        cases = self._cases(data, options, self.task.data.future, self.task.products.options)
        if len(cases) != 1:
            raise InputError(
                f"predict: expected data of one case, got {len(cases)}; iterate over "
                "Model.predictions, which gives a Dataset for each"
            )
        (found,) = self._predict(cases)
        return found

    def predictions(
        self, data: "str | os.PathLike | xr.Dataset" = "", **options: Any
    ) -> "Iterator[xr.Dataset]":
        """Like `predict`, for data of any number of cases: yields a Dataset for each.

        The attribute "case" of a Dataset is the name of its scene, photo, window, tile or init.
        """
        cases = self._cases(data, options, self.task.data.future, self.task.products.options)
        return self._predict(cases)

    def evaluate(
        self, data: "str | os.PathLike | xr.Dataset" = "", **options: Any
    ) -> "pd.DataFrame":
        """Score the model beside the baselines, on data with truth.

        Args:
            data: as of `predict`.
            options: settings of the data and options of `seaice-tf evaluate`, by their names.

        Returns:
            A table with a row for the model and for each baseline, the best first, and a column
            for each score. Its `attrs` hold what `seaice-tf evaluate --json` writes besides.
        """
        import pandas as pd

        from seaice_tf.runs import evaluate

        kind = self.task.verification.options
        cases = self._cases(data, options, self.task.data.cases, kind)
        chosen = {k: v for k, v in options.items() if k in _names(kind)}
        result = evaluate.compare(self.task, cases, self._predictor(), self.name, kind(**chosen))
        rows = {self.name: result.pop("scores"), **result.pop("baselines")}
        table = pd.DataFrame.from_dict(rows, orient="index")
        table = table.sort_values(result["primary"], ascending=result["lower_is_better"])
        table.attrs = result
        return table

    def _predictor(self):
        from seaice_tf.runs import artifact

        with progress.step("loading the model"):
            return artifact.predictor(self.run)

    def _predict(self, cases: Cases) -> "Iterator[xr.Dataset]":
        assert self.task.products.dataset is not None
        predictor, model = self._predictor(), f"seaice_tf {self.task.name} {self.name}"
        for case in cases:
            found = self.task.products.dataset(case, predictor(case), model)
            found.attrs["case"] = case.name
            yield found

    def _cases(self, data: Any, options: dict[str, Any], make: Any, kind: type) -> Cases:
        """The cases of `data`; options are settings of the data, or of class `kind`."""
        known = {*self.task.data.settings, *_names(kind)} - {"data"}
        for name in options:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                advice = f"; did you mean {near[0]}?" if near else ""
                raise InputError(
                    f"{name}: expected one of {', '.join(sorted(known))}, got another{advice}"
                )
        own = {k: v for k, v in options.items() if k in self.task.data.settings}
        chosen = kind(**{k: v for k, v in options.items() if k not in own})
        if isinstance(data, str | os.PathLike):
            settings = dataclasses.replace(self.settings, data=os.fspath(data), **own)
            return make(settings, chosen)
        if self.task.data.record is None:
            raise InputError(
                f"{self.task.name}: expected the path of files, got {type(data).__name__}"
            )
        settings = dataclasses.replace(self.settings, **own)
        return make(settings, chosen, self.task.data.record(data))


def _names(kind: type) -> set[str]:
    return {each.name for each in dataclasses.fields(kind)}


def released() -> list[str]:
    """Names of the released models, as `load` takes them.

    >>> "forecast/arctic" in released()
    True
    """
    found = folder.RELEASED.glob(f"*/*/{folder.MANIFEST}")
    return sorted("/".join(path.parent.parts[-2:]) for path in found)


def load(name: str | os.PathLike) -> Model:
    """Load a trained model.

    Args:
        name: of a released model, such as "forecast/arctic" (see `released`), or the folder of a
            run.

    Raises:
        InputError: there is no such model, or the run is not complete.

    Example:
        >>> model = load("forecast/arctic")
        >>> model.task.name
        'forecast'
    """
    run = Path(os.path.expandvars(os.fspath(name))).expanduser()
    text = os.fspath(name)
    if text in released():
        run = folder.RELEASED / text
    elif not run.is_dir():
        near = difflib.get_close_matches(text, released(), 1, cutoff=0.5)
        advice = f"did you mean {near[0]}?" if near else f"released are {', '.join(released())}"
        raise InputError(f"{text}: expected a released model or the folder of a run; {advice}")
    facts = folder.read_json(run / folder.MANIFEST) if (run / folder.MANIFEST).exists() else {}
    made_by = str(facts.get("task")) if isinstance(facts, dict) else ""
    if made_by not in TASKS:
        raise InputError(f"{run}: expected the folder of a complete run, got another folder")
    task = TASKS[made_by]
    return Model(text if text in released() else run.name, run, task, folder.open_run(run, task))
