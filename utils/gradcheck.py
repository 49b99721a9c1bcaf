"""The gradient checker, which belongs to the library: see `word2vec.gradcheck`."""

from word2vec.gradcheck import GradientCheckError, gradcheck_naive

__all__ = ["GradientCheckError", "gradcheck_naive"]
