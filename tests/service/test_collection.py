"""Garbage collection is held back while anybody wants it so, and on again after the last."""

from __future__ import annotations

import gc
import threading

import pytest

from service.collection import without_collection


def test_it_is_off_inside_and_on_again_after() -> None:
    assert gc.isenabled()
    with without_collection():
        with without_collection():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), without_collection():
        1 / 0  # noqa: B018
    assert gc.isenabled()


def test_who_has_it_off_keeps_it_off() -> None:
    gc.disable()
    try:
        with without_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_last_thread_takes_it_up_again() -> None:
    first_is_in, second_is_in = threading.Event(), threading.Event()

    def hold() -> None:
        with without_collection():
            first_is_in.set()
            second_is_in.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert first_is_in.wait(10)
    with without_collection():
        second_is_in.set()
        thread.join()
        assert not gc.isenabled()
    assert gc.isenabled()
