"""Nothing is lost: checkpoints, files that are whole, one run in a directory, signals held back."""

from .checkpoint import CheckpointError
from .files import atomic_write
from .interrupts import held_back_signals
from .locks import InUseError, lock_directory
