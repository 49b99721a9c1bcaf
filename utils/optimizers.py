"""The two ways to train word vectors, the engine and plain SGD, with results of one kind."""

from typing import NamedTuple

from utils.progress_bar import ProgressBar
from word2vec import KeyedVectors, Word2Vec
from word2vec.classic.train import train_classic
from word2vec.sgd import CURVE_EVERY


class Training(NamedTuple):
    """What training left behind."""

    vectors: KeyedVectors
    loss: float  # at the end
    loss_name: str  # what kind of loss it is
    unit: str  # what positions are counted in, "epoch" or "iteration"
    curves: dict  # from name to a list of [position, loss]
    resumed_at: float  # position; 0 if there was no earlier run to continue


def train_with_engine(corpus, settings, checkpoint_dir):
    """Train with `Word2Vec`, showing a progress bar.

    Parameters
    ----------
    corpus : path-like or list of lists of str
    settings : dict
        Arguments of `Word2Vec`.
    checkpoint_dir : path-like

    Returns
    -------
    Training
    """
    model = Word2Vec(**settings)
    with ProgressBar("word") as bar:

        def show(progress):
            bar.show(
                progress.tokens,
                progress.total_tokens,
                start=progress.resumed_at,
                text=f"epoch {progress.epoch}, loss {progress.loss:.3f}",
            )

        model.fit(corpus, checkpoint_dir=checkpoint_dir, progress=show)
    in_the_middle = [[number + 0.5, loss] for number, loss in enumerate(model.losses)]
    return Training(
        vectors=model.wv,
        loss=model.losses[-1],
        loss_name="mean loss a center" if settings["model"] == "cbow" else "mean loss a pair",
        unit="epoch",
        curves={"during training": model.loss_curve, "mean of each epoch": in_the_middle},
        resumed_at=bar.share_at_start * settings["epochs"],
    )


def train_with_sgd(corpus, settings, checkpoint_dir):
    """Train with `train_classic`, showing a progress bar.

    Parameters
    ----------
    corpus : path-like or list of lists of str
    settings : dict
        Arguments of `train_classic`.
    checkpoint_dir : path-like

    Returns
    -------
    Training
    """
    iterations, batch_size = settings["iterations"], settings["batch_size"]
    start = last = None
    with ProgressBar("window") as bar:

        def show(progress):
            nonlocal start, last
            if last is None:
                start = progress.iteration if progress.iteration > 1 else 0
            last = progress
            if progress.iteration % CURVE_EVERY == 0 or progress.iteration in (start, iterations):
                bar.show(
                    progress.iteration * batch_size,
                    iterations * batch_size,
                    start=start * batch_size,
                    text=f"loss {progress.smoothed_loss:.3f}",
                )

        vectors = train_classic(corpus, **settings, checkpoint_dir=checkpoint_dir, callback=show)
    curve = [[CURVE_EVERY * number, loss] for number, loss in enumerate(last.curve, start=1)]
    return Training(
        vectors=vectors,
        loss=last.smoothed_loss,
        loss_name="smoothed loss a window",
        unit="iteration",
        curves={"during training": curve or [[iterations, last.smoothed_loss]]},
        resumed_at=start,
    )
