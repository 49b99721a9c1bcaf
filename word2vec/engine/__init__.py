"""The engine, to be used: large corpora, many windows at once, several processes, the same bits."""

from .trainer import Progress, Word2Vec
from .workers import WorkerError
