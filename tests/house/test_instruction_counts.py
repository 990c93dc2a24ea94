"""The gate on instructions judges only what it can: valgrind at hand, and the compiler of the baseline."""

from __future__ import annotations

import pytest

import count


@pytest.fixture
def with_valgrind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")


def test_without_valgrind_it_says_skipped_and_succeeds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", {}.get)
    monkeypatch.setenv("CI", "true")
    assert count.main([]) == 0
    assert capsys.readouterr().out.startswith("skipped: valgrind is not installed")
    assert count.main(["--update"]) == 1


@pytest.mark.usefixtures("with_valgrind")
def test_another_compiler_is_not_judged(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(count, "compiler", lambda: "another 1.0")
    assert count.main([]) == 0
    assert "the compiler here is another 1.0" in capsys.readouterr().out


@pytest.mark.usefixtures("with_valgrind")
def test_the_baseline_s_compiler_is_judged() -> None:
    assert count.unjudged(count.compiler()) is None


def test_a_count_outside_the_tolerance_is_not_fine(capsys: pytest.CaptureFixture[str]) -> None:
    assert count.compare({"a": 100.0}, {"a": 102.9})
    assert not count.compare({"a": 100.0}, {"a": 103.1})
    assert not count.compare({"a": 100.0}, {"a": 96.9})
    assert not count.compare({"a": 100.0}, {"a": 100.0, "b": 5.0})
    assert capsys.readouterr().out.count("OUTSIDE") == 3
