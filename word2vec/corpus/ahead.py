"""Work on the next piece of text while the one before is made use of."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")


def map_ahead(function: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Value]:
    """What ``map(function, items)`` yields, each value computed while the one before is used.

    A thread computes them, one ahead: it pays where `function` spends its time in NumPy, which lets
    other threads run meanwhile. Where no thread can be started, nothing is done ahead.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        ahead: deque[Any] = deque()
        for item in items:
            try:
                ahead.append(thread.submit(function, item))
            except RuntimeError:  # no new thread
                yield from (value.result() for value in ahead)
                ahead.clear()
                yield function(item)
            if len(ahead) > 1:
                yield ahead.popleft().result()
        yield from (value.result() for value in ahead)
