"""The command line: what `python -m word2vec` does, and what `run.py` adds to.

Only these modules print, for their results are for the eyes of whoever typed the command. All else
in the library returns results, raises errors and gives warnings. (The bar of ``progress=True``,
`word2vec.engine.progress`, and the line of ``gradcheck_naive(..., verbose=True)`` are asked for.)
"""

from .program import Parser, add_command, run_command

__all__ = ["Parser", "add_command", "run_command"]
