"""Nothing is lost: checkpoints, files that are whole, one run in a directory, signals held back."""

from .checkpoint import Checkpoint, CheckpointError
from .files import atomic_write
from .interrupts import held_back_signals
from .locks import InUseError, lock_directory
from .resumable import Interrupted, Progress, Resumable, StopTraining, carry_out
from .team import RankError, Team

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "InUseError",
    "Interrupted",
    "Progress",
    "RankError",
    "Resumable",
    "StopTraining",
    "Team",
    "atomic_write",
    "carry_out",
    "held_back_signals",
    "lock_directory",
]
