"""The two ways to train word vectors, the engine and plain SGD, with results of one kind."""

from pathlib import Path
from typing import Any, NamedTuple

from .. import KeyedVectors, Word2Vec
from ..checks import StrPath
from ..classic.train import train_classic
from ..engine.progress import ProgressBar
from ..engine.training import TrainingProgress
from ..sgd import CURVE_EVERY, SgdProgress
from .epoch_table import EpochTable

EPOCHS = "epochs.tsv"


class Training(NamedTuple):
    """What training left behind."""

    vectors: KeyedVectors
    loss: float  # at the end
    loss_name: str  # what kind of loss it is
    unit: str  # what positions are counted in, "epoch" or "iteration"
    curves: dict[str, list[list[float]]]  # from name to points [position, loss]
    resumed_at: float  # position; 0 if there was no earlier run to continue
    model: Word2Vec | None = None  # of the engine


def train_with_engine(
    corpus: Any,
    settings: dict[str, Any],
    checkpoint_dir: StrPath,
    quiet: bool = False,
    comm: Any = None,
) -> Training:
    """Train with `Word2Vec`, with a table of the epochs, showing a progress bar unless `quiet`.

    Parameters
    ----------
    corpus : path-like or list of lists of str
    settings : dict
        Arguments of `Word2Vec`.
    checkpoint_dir : path-like
        The table, `EPOCHS`, goes beside it.
    quiet : bool
    comm : mpi4py.MPI.Comm, optional

    Returns
    -------
    Training
    """
    model = Word2Vec(**settings)
    table = EpochTable(Path(checkpoint_dir).with_name(EPOCHS))
    with ProgressBar(quiet) as bar:

        def show(progress: TrainingProgress) -> None:
            bar.show(progress)
            table.add(progress)

        model.fit(corpus, checkpoint_dir=checkpoint_dir, progress=show, comm=comm)
    in_the_middle = [[number + 0.5, loss] for number, loss in enumerate(model.losses)]
    return Training(
        vectors=model.wv,
        loss=model.losses[-1],
        loss_name="mean loss a center" if settings["model"] == "cbow" else "mean loss a pair",
        unit="epoch",
        curves={"during training": model.loss_curve, "mean of each epoch": in_the_middle},
        resumed_at=bar.share_at_start * settings["epochs"],
        model=model,
    )


def train_with_sgd(
    corpus: Any,
    settings: dict[str, Any],
    checkpoint_dir: StrPath,
    quiet: bool = False,
    comm: Any = None,
) -> Training:
    """Train with `train_classic`, showing a progress bar unless `quiet`.

    Parameters
    ----------
    corpus : path-like or list of lists of str
    settings : dict
        Arguments of `train_classic`.
    checkpoint_dir : path-like
    quiet : bool
    comm : mpi4py.MPI.Comm, optional
        Refused: the loop of the course is for one process.

    Returns
    -------
    Training
    """
    if comm is not None:
        raise ValueError("--optimizer sgd trains in one process: start it without mpiexec.")
    seen: list[SgdProgress] = []
    with ProgressBar(quiet) as bar:

        def show(progress: SgdProgress) -> None:
            seen[:] = [progress]
            bar.show(progress)

        vectors = train_classic(corpus, **settings, checkpoint_dir=checkpoint_dir, callback=show)
    (last,) = seen
    curve = [[CURVE_EVERY * number, loss] for number, loss in enumerate(last.curve, start=1)]
    return Training(
        vectors=vectors,
        loss=last.smoothed_loss,
        loss_name="smoothed loss a window",
        unit="iteration",
        curves={"during training": curve or [[last.done, last.smoothed_loss]]},
        resumed_at=last.resumed_at,
    )
