"""Importing much at once: without the garbage collector, which walks again and again through what stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Import inside; what is there in the end is left alone by the collector from then on."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
