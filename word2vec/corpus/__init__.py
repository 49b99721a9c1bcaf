"""Text on its way into training: files, sentences, the vocabulary, the encoded corpus."""

from .encoded import EncodedCorpus, encode
from .mapped import MappedTokens
from .sentences import LineSentences
from .vocab import Vocab

__all__ = ["EncodedCorpus", "LineSentences", "MappedTokens", "Vocab", "encode"]
