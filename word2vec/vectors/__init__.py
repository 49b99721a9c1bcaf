"""Word vectors once they are trained: questions asked of them, and the files they are kept in."""

from .by_name import load_vectors, save_vectors
from .keyed_vectors import KeyedVectors
from .unknown_key import UnknownKeyError

__all__ = ["KeyedVectors", "UnknownKeyError", "load_vectors", "save_vectors"]
