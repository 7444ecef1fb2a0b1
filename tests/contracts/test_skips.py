"""Under CI=true a skipped test fails the run, with its reason; elsewhere it is only skipped."""

import pytest

from tests.contracts.tree import ROOT

pytest_plugins = ("pytester",)

SKIPPING = """
    import pytest

    def test_device():
        pytest.skip("needs the Debian package cups-ipp-utils")
"""
SKIPPING_MODULE = """
    import pytest

    pytest.skip("needs the Debian package chromium", allow_module_level=True)
"""
EXPECTED_FAILURE = """
    import pytest

    @pytest.mark.xfail(reason="a known fault", strict=True)
    def test_fault():
        raise AssertionError
"""


@pytest.fixture
def outer(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A pytest project of its own that uses our conftest."""
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text())
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the start takes seconds otherwise
    return pytester


def test_a_skip_fails_the_run_under_ci(
    outer: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    outer.makepyfile(SKIPPING)
    result = outer.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*needs the Debian package cups-ipp-utils*"])


def test_a_skipped_module_fails_the_run_under_ci(
    outer: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    outer.makepyfile(SKIPPING_MODULE)
    result = outer.runpytest_subprocess()
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*needs the Debian package chromium*"])


def test_a_missing_program_skips_with_its_package_name(
    outer: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    conftest = outer.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace('"chromium",', '"no-such-browser",'))
    outer.makepyfile("import pytest\n\n@pytest.mark.browser\ndef test_page(): pass\n")
    result = outer.runpytest_subprocess("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*needs the Debian package chromium*"])


def test_a_skip_is_only_a_skip_elsewhere(
    outer: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    outer.makepyfile(SKIPPING)
    outer.runpytest_subprocess().assert_outcomes(skipped=1)


def test_an_expected_failure_is_not_a_skip(
    outer: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    outer.makepyfile(EXPECTED_FAILURE)
    outer.runpytest_subprocess().assert_outcomes(xfailed=1)
