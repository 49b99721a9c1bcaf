"""Tests of `map_ahead`."""

import threading

import pytest

from word2vec.corpus.ahead import map_ahead


def test_values_come_in_the_order_of_the_items():
    assert list(map_ahead(lambda item: item * item, range(5))) == [0, 1, 4, 9, 16]


def test_nothing_comes_of_nothing():
    assert list(map_ahead(len, [])) == []


def test_the_next_value_is_computed_while_one_is_used():
    computed = threading.Event()
    values = map_ahead(lambda item: computed.set() if item else None, [0, 1])
    next(values)
    assert computed.wait(timeout=10)


def test_an_error_comes_in_the_place_of_its_value():
    values = map_ahead(lambda item: 1 // item, [1, 0, 1])
    assert next(values) == 1
    with pytest.raises(ZeroDivisionError):
        next(values)


def test_without_another_thread_the_values_are_the_same(monkeypatch):
    def no_thread(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    assert list(map_ahead(abs, [-1, -2, -3])) == [1, 2, 3]
