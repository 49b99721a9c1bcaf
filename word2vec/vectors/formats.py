"""Reading and writing files of word vectors: the formats of the C tool, gensim, fastText, GloVe.

Text       a header ``n d``, then a line for each word: the word and its d numbers, with spaces
           between them. GloVe leaves the header out. A word may itself contain spaces: the last d
           fields are the vector.
Binary     the same header; then for each word: the word, one space, d little-endian float32. The
           C tool adds a newline after the numbers and gensim does not; both are read.

Only spaces and tabs separate fields. Any file may be compressed with gzip, bzip2 or xz. A file is
not trusted: what its header promises is held against its size, and where the size is not known
memory is taken as data arrive.
"""

import contextlib
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..checks import FloatArray, StrPath
from ..saving.files import atomic_write, packing
from ..saving.reading import naming_errors, open_for_reading, size_if_known

# Read at a time: bounds the memory taken beside the result.
CHUNK_BYTES = 1 << 20
# A longer "word" in a binary file is damage.
MAX_WORD_BYTES = 1 << 16
# What lines of printed numbers are made of (the letters are for "nan" and "inf"), and other text.
_NUMBER_BYTES = b"0123456789+-.eE \t\rnaifNAIF"
_ASCII_TEXT = bytes(range(9, 14)) + bytes(range(32, 127))


# -------------------------------------------------------------------- reading


def read_word2vec(
    path: StrPath,
    *,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    limit: int | None = None,
    datatype: DTypeLike = np.float32,
    no_header: bool = False,
) -> tuple[list[str], FloatArray]:
    """Read words and vectors from a text or binary file.

    Parameters
    ----------
    path : path
    binary : bool
    encoding, unicode_errors : str
        How words are decoded.
    limit : int, optional
        Read only the first so many vectors.
    datatype : floating-point dtype
    no_header : bool
        The first line of a text file is already a vector. Also recognised without being told,
        unless that line consists of just two integers.

    Returns
    -------
    words : list of str, length n
        All different; of a repeated word the first is kept.
    vectors : ndarray of shape (n, d)

    Raises
    ------
    ValueError
        If the file is damaged or of the other format; the message says where.
    EOFError
        If it ends before the number of vectors its header promises.

    Warns
    -----
    UserWarning
        With their number, if words are repeated, vectors have NaN or infinity, or the file goes on
        after the vectors its header promises.
    """
    datatype = np.dtype(datatype)
    if datatype.kind != "f":
        raise ValueError(f"datatype must be a floating-point type. Got {datatype} instead.")
    if limit is not None and limit < 0:
        raise ValueError(f"limit must be positive or None. Got {limit} instead.")
    if binary and no_header:
        raise ValueError("no_header must be False for binary files: they have a header.")

    def decode(word, unit, number):
        try:
            return word.decode(encoding, unicode_errors)
        except UnicodeDecodeError as error:
            error.reason += f" in the word of {unit} {number}"
            error.reason += "; unless the file is damaged, unicode_errors='replace' reads it"
            raise

    with naming_errors(path), open_for_reading(path) as file:
        size = size_if_known(file)
        reader = _BinaryReader(file) if binary else _TextReader(file, no_header)
        promised = reader.num_promised
        num_wanted = min(limit or sys.maxsize, sys.maxsize if promised is None else promised)
        capacity = 0
        if promised is not None and size is not None:
            needed = num_wanted * reader.min_row_bytes
            if needed > size:
                raise EOFError(
                    f"the header promises {promised} vectors of length {reader.vector_size}; "
                    f"{num_wanted} need at least {needed} bytes, but the file has {size}"
                )
            capacity = num_wanted
        vectors = np.empty((capacity, reader.vector_size), datatype)
        words, vectors = _collect(reader.blocks(num_wanted, decode), vectors)
        if promised is not None and len(words) < num_wanted:
            raise EOFError(f"the file ends after {len(words)} of {num_wanted} vectors")
        goes_on = promised == num_wanted and (reader.rest + file.read(CHUNK_BYTES)).strip()
    if goes_on:
        warnings.warn(f"{path}: goes on after the {promised} vectors it promises", stacklevel=3)
    _warn_of_nonfinite(path, words, vectors)
    return _without_duplicates(path, words, vectors)


class _TextReader:
    """The text format, a line for each word.

    Attributes
    ----------
    num_promised : int or None
        Number of vectors according to the header; None without a header.
    vector_size : int
    min_row_bytes : int
        The file has at least so many bytes for each vector.
    rest : bytes
        What was read beyond the last vector wanted.
    """

    def __init__(self, file, no_header):
        self._file = file
        first_line = file.readline()
        header = None if no_header else _parse_header(first_line)
        if header is not None:
            self.num_promised, self.vector_size = header
            self._lines, self._next_number = [], 2
        else:
            self._lines, self._next_number = [first_line, *file.readlines(CHUNK_BYTES)], 1
            self.num_promised, self.vector_size = None, _guess_vector_size(self._lines)
        self.min_row_bytes = 2 * self.vector_size  # for each number a digit and a space or newline
        self.rest = b""

    def blocks(self, num_wanted, decode):
        """Yield words and their vectors, (len(words), d), some at a time."""
        while num_wanted > 0:
            lines = self._lines or self._file.readlines(CHUNK_BYTES)
            if not lines:
                break
            self._lines = []
            words: list[bytes] = []
            tails, numbers = [], []
            for number, line in enumerate(lines, self._next_number):
                if len(words) == num_wanted:
                    self.rest = b"".join(lines[number - self._next_number :])
                    break
                line = line.rstrip()
                if not line:
                    continue
                word, _, tail = line.partition(b" ")
                if tail.count(b" ") != self.vector_size - 1 or b"\t" in tail:
                    word, tail = self._split_from_right(line, number)
                words.append(word)
                tails.append(tail)
                numbers.append(number)
            vectors = self._parse(tails, numbers)
            # Words come last: in a binary file read as text, numbers are the better evidence.
            decoded = [decode(word, "line", i) for word, i in zip(words, numbers, strict=True)]
            yield decoded, vectors
            self._next_number += len(lines)
            num_wanted -= len(words)

    def _split_from_right(self, line, number):
        """The word and the numbers of a line with tabs, several spaces, or spaces in the word."""
        fields = line.rsplit(None, self.vector_size)
        numbers = b" ".join(fields[-self.vector_size :])
        if len(fields) == self.vector_size and line[:1].isspace():
            return b"", numbers
        if len(fields) <= self.vector_size:
            raise self._damage(line, number)
        return fields[0], numbers

    def _parse(self, tails, numbers):
        values = parse_numbers(b" ".join(tails), len(tails) * self.vector_size)
        if values is None:
            raise next(
                self._damage(tail, number)
                for tail, number in zip(tails, numbers, strict=True)
                if parse_numbers(tail, self.vector_size) is None
            )
        return values.reshape(-1, self.vector_size)

    def _damage(self, text, number):
        numbers = text.partition(b" ")[2] or text
        is_binary = numbers.translate(None, _ASCII_TEXT)
        hint = " (is this a binary file? read it with binary=True)" if is_binary else ""
        return ValueError(
            f"line {number} must be a word and {self.vector_size} numbers. "
            f"Got {_shown(text)} instead{hint}"
        )


class _BinaryReader:
    """The binary format; attributes and methods as those of `_TextReader`."""

    def __init__(self, file):
        self._file = file
        first_line = file.readline()
        header = _parse_header(first_line)
        if header is None:
            raise ValueError(
                "a binary file begins with two integers, the number of vectors and their length. "
                f"Got {_shown(first_line)} instead (is this a text file? binary=False reads it)"
            )
        self.num_promised, self.vector_size = header
        if _is_text(file.peek(), self.vector_size):
            raise ValueError("this is a text file: read it with binary=False")
        self.min_row_bytes = 4 * self.vector_size + 1
        self.rest = b""

    def blocks(self, num_wanted, decode):
        """Yield words and their vectors, (len(words), d), some at a time."""
        vector_bytes = 4 * self.vector_size
        num_read = 0
        while num_read < num_wanted:
            # Enough for one vector at least, if the file is sound.
            data = self.rest + self._read(max(CHUNK_BYTES, MAX_WORD_BYTES + vector_bytes))
            words, vectors, start = [], [], 0
            while num_read < num_wanted:
                space = data.find(b" ", start, start + MAX_WORD_BYTES)
                end = space + 1 + vector_bytes
                if space < 0 or end > len(data):
                    break
                num_read += 1
                word = data[start:space].lstrip(b"\n")
                words.append(decode(word, "vector", num_read))
                vectors.append(data[space + 1 : end])
                start = end
            if not words:
                if space < 0 and len(data) >= MAX_WORD_BYTES:
                    raise ValueError(f"after vector {num_read} there is no word and space")
                raise EOFError(f"the file ends within vector {num_read + 1} of {num_wanted}")
            yield words, np.frombuffer(b"".join(vectors), "<f4").reshape(-1, self.vector_size)
            self.rest = data[start:]

    def _read(self, num_bytes):
        """So many bytes, or all up to the end; taken in parts, as `num_bytes` may be a lie."""
        parts = []
        while num_bytes > 0 and (part := self._file.read(CHUNK_BYTES)):
            parts.append(part)
            num_bytes -= len(part)
        return b"".join(parts)


def parse_numbers(text: bytes, count: int) -> NDArray[np.float64] | None:
    """`count` numbers with spaces between them, float64; None if `text` is anything else."""
    # fromstring would also take these for space.
    if any(other in text for other in (b"\t", b"\v", b"\f", b"\r", b"\n")):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # older NumPy for: not a number
            values = np.fromstring(text, dtype=np.float64, sep=" ")
    except (ValueError, DeprecationWarning):
        return None
    return values if len(values) == count else None


def _parse_header(line):
    """Number of vectors and their length, or None if the line is no header."""
    fields = line.split()
    if len(fields) != 2 or not all(field.isdigit() for field in fields):
        return None
    if max(map(len, fields)) > 18:
        raise ValueError(f"the numbers of the header do not fit into 64 bits: {_shown(line)}")
    num_vectors, vector_size = map(int, fields)
    if vector_size == 0:
        raise ValueError("the header says that the vectors have length 0")
    return num_vectors, vector_size


def _guess_vector_size(lines):
    """Length of the vectors in a file without header: that of most lines, as words have spaces."""
    sizes = Counter(size for line in lines if (size := len(line.split()) - 1) > 0)
    if not sizes:
        raise ValueError(
            "the file must begin with two integers, the number of vectors and their length, or "
            f"with a word and its numbers. Got {_shown(lines[0])} instead."
        )
    return max(sizes, key=lambda size: (sizes[size], -size))


def _is_text(data, vector_size):
    """Whether the numbers after the first word are printed digits rather than float32."""
    _, _, numbers = data.partition(b" ")
    line, newline, _ = numbers[: 4 * vector_size].partition(b"\n")
    if vector_size == 1 or line.translate(None, _NUMBER_BYTES):
        return False  # the four bytes of a single number might be digits by accident
    return len(line.split()) == vector_size if newline else line != b""


def _shown(data):
    return repr(data if len(data) <= 60 else data[:60] + b"...")


def _collect(blocks, vectors):
    """All words, and their vectors in an array that begins as `vectors` and grows if it must."""
    words: list[str] = []
    for new_words, block in blocks:
        end = len(words) + len(new_words)
        if end > len(vectors):
            vectors.resize((max(end, 3 * len(vectors) // 2), vectors.shape[1]), refcheck=False)
        with np.errstate(over="ignore", invalid="ignore"):  # infinity and NaN are counted later
            vectors[len(words) : end] = block
        words += new_words
    vectors.resize((len(words), vectors.shape[1]), refcheck=False)
    return words, vectors


def _warn_of_nonfinite(path, words, vectors):
    with np.errstate(over="ignore", invalid="ignore"):
        suspects = np.flatnonzero(~np.isfinite(vectors.sum(axis=1)))
    # A sum can also overflow.
    rows = suspects[~np.isfinite(vectors[suspects]).all(axis=1)]
    if len(rows):
        warnings.warn(
            f"{path}: {len(rows)} of {len(words)} vectors have NaN or infinity, the first is that "
            f"of {words[rows[0]]!r}",
            stacklevel=4,
        )


def _without_duplicates(path, words, vectors):
    first_rows: dict[str, int] = {}
    for row, word in enumerate(words):
        first_rows.setdefault(word, row)
    num_repeated = len(words) - len(first_rows)
    if num_repeated == 0:
        return words, vectors
    rows = list(first_rows.values())
    repeated = next(word for row, word in enumerate(words) if first_rows[word] != row)
    warnings.warn(
        f"{path}: {num_repeated} of {len(words)} words are repeated, the first is {repeated!r}; "
        "of each the first vector is kept",
        stacklevel=4,
    )
    return list(first_rows), vectors[rows]


def read_counts(
    path: StrPath, words: Sequence[str], encoding: str = "utf8", unicode_errors: str = "strict"
) -> NDArray[np.int64]:
    """Counts of `words` from lines of a word and its count.

    Returns
    -------
    ndarray of shape (len(words),), int64
        0 for words that are not in the file; a warning counts them.

    Raises
    ------
    ValueError
        If a line is not a word and an integer.
    """
    counts = {}
    with naming_errors(path), open_for_reading(path) as file:
        for number, line in enumerate(file, 1):
            word, _, count = line.rstrip().rpartition(b" ")
            if not (count.isdigit() and len(count) <= 18):
                raise ValueError(f"line {number} must be a word and its count. Got {_shown(line)}")
            counts[word.decode(encoding, unicode_errors)] = int(count)
    missing = [word for word in words if word not in counts]
    if missing:
        warnings.warn(
            f"{path}: no count for {len(missing)} of {len(words)} words, the first is "
            f"{missing[0]!r}; it is taken to be 0",
            stacklevel=3,
        )
    return np.array([counts.get(word, 0) for word in words], dtype=np.int64)


# -------------------------------------------------------------------- writing


def write_word2vec(
    path: StrPath,
    words: Sequence[str],
    vectors: FloatArray,
    *,
    binary: bool = False,
    num_vectors: int | None = None,
    write_header: bool = True,
    append: bool = False,
) -> None:
    """Write words and vectors to a text or binary file, byte for byte as gensim does.

    Parameters
    ----------
    path : path
        Compressed if it ends in ``.gz``, ``.bz2`` or ``.xz``.
    words : sequence of str, length n
    vectors : ndarray of shape (n, d)
    binary : bool
    num_vectors : int, optional
        What the header is to say if not n.
    write_header : bool
    append : bool
        Append to the file, in place; otherwise it appears when it is complete.

    Raises
    ------
    ValueError
        If a word has a newline, in the binary format a space, or in text a space at its end: it
        would be read back as another.

    Warns
    -----
    UserWarning
        If a word has a space in text: this library and GloVe's own tools read it back, others fail.
    """
    _check_words(words, binary)
    spaced = [] if binary else [word for word in words if " " in word]
    if spaced:
        warnings.warn(
            f"{path}: gensim and the C program cannot read a text file in which words have spaces: "
            f"{len(spaced)} of {len(words)} have, the first is {spaced[0]!r}. For them, replace "
            "spaces, for example by '_'.",
            stacklevel=3,
        )
    num_vectors = len(words) if num_vectors is None else num_vectors
    write_block = _binary_rows if binary else _text_rows
    with _open_for_writing(path, append) as file:
        if write_header:
            file.write(f"{num_vectors} {vectors.shape[1]}\n".encode())
        for start in range(0, len(words), 1000):
            part = slice(start, start + 1000)
            file.write(b"".join(write_block(words[part], vectors[part])))


def _text_rows(words, vectors):
    for word, vector in zip(words, vectors, strict=True):
        # str of a NumPy float: the fewest digits that read back as the same number
        yield f"{word} {' '.join(map(str, vector))}\n".encode()


def _binary_rows(words, vectors):
    for word, vector in zip(words, vectors.astype("<f4", copy=False), strict=True):
        yield word.encode() + b" " + vector.tobytes()


def write_counts(
    path: StrPath, words: Sequence[str], counts: Iterable[int], *, append: bool = False
) -> None:
    """Write lines of a word and its count, the most frequent word first if they are sorted so."""
    _check_words(words, binary=False)
    with _open_for_writing(path, append) as file:
        for word, count in zip(words, counts, strict=True):
            file.write(f"{word} {count}\n".encode())


def _check_words(words, binary):
    """Refuse words that would be read back as others."""
    if binary:
        what = "the binary format cannot hold words with a space or newline"
        bad = [word for word in words if " " in word or "\n" in word]
    else:
        what = "the text format cannot hold words with a newline or a space at the end"
        space = (" ", "\t", "\r", "\v", "\f")
        bad = [word for word in words if "\n" in word or word.endswith(space)]
    if bad:
        raise ValueError(
            f"{what}: {len(bad)} of {len(words)}, the first is {bad[0]!r}; "
            "replace it, for example by '_'"
        )


@contextlib.contextmanager
def _open_for_writing(path, append):
    with open(path, "ab") if append else atomic_write(path) as file, packing(path, file) as packed:
        yield packed
