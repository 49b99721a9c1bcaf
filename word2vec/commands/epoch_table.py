"""A table of the epochs of a training, there to be looked at while training goes on."""

from ..checks import StrPath
from ..engine.training import TrainingProgress
from ..saving.files import atomic_write

_HEADING = ["epoch", "loss", "words_per_second"]


class EpochTable:
    """Writes a line for each epoch into a file; lines of a run that is continued are kept.

    Parameters
    ----------
    path : path-like
        Columns are separated by tabs. `words_per_second` is the mean since the run was started, or
        continued.
    """

    def __init__(self, path: StrPath) -> None:
        self._path = path
        self._lines: list[str] | None = None

    def add(self, progress: TrainingProgress) -> None:
        """What training reports; the file is written at the end of an epoch."""
        if self._lines is None:
            self._lines = self._earlier_lines() if progress.resumed_at else []
        if not progress.epoch_ends:
            return
        row = [progress.epoch, f"{progress.loss:.6f}", f"{progress.words_per_second:.0f}"]
        # An epoch that was lost by a kill is trained again.
        self._lines[progress.epoch - 1 :] = ["\t".join(map(str, row))]
        with atomic_write(self._path, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in ["\t".join(_HEADING), *self._lines])

    def _earlier_lines(self):
        try:
            with open(self._path, encoding="utf-8") as file:
                return file.read().splitlines()[1:]
        except OSError:
            return []
