"""The engine, to be used: large corpora, many windows at once, several processes, the same bits.

A walk through it: `trainer` (what a user sees), `training` (one training, resumable), `schedule`
(units and rounds), `plan` (what all who train have to know), `rounds` (who they are), `units` (one
unit: `blocks`, `kernels`, moves), and for several processes `workers`, `fork_server` and
`processes` (where they come from, and how they end) and `sharing`. Beyond one machine: `shards`
(the schedule), `legs` (who trains it), `adasum` (the merging), `exchange` and `ranks` (MPI).
"""

from .processes import WorkerError
from .stopping import EarlyStopping
from .trainer import Word2Vec
from .training import TrainingProgress

__all__ = ["EarlyStopping", "TrainingProgress", "Word2Vec", "WorkerError"]
