"""Text on its way into training: files, words, sentences, phrases, the encoded corpus."""

from .encoded import EncodedCorpus, encode
from .mapped import MappedTokens
from .phrases import ENGLISH_CONNECTOR_WORDS, PhrasedSentences, Phrases
from .sentences import LineSentences
from .tokenizer import TokenizedLines, tokenize
from .vocab import Vocab

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "EncodedCorpus",
    "LineSentences",
    "MappedTokens",
    "PhrasedSentences",
    "Phrases",
    "TokenizedLines",
    "Vocab",
    "encode",
    "tokenize",
]
