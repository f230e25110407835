"""Programs for version 1.x beside ours: run with `tox -e interop_1`, which installs that."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    # What the official package's dependencies warn about is not ours to mend.
    config.addinivalue_line("filterwarnings", "default")
