"""One set of small runs for all tests of what is served."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from served_runs import Made, make_runs
from settling import install, only


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        install(folder / "site")
        only(folder / "site", patch)
        yield make_runs(folder / "runs")
