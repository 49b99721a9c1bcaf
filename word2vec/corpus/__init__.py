"""Text on its way into training: files, sentences, the vocabulary, the encoded corpus."""

from .encoded import IdFile, encode
from .sentences import EncodedCorpus, LineSentences, encode_corpus
from .vocab import Vocab
