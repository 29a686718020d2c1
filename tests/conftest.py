"""What all tests share: a skip is a failure where everything must be there."""

import os

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Under REQUIRE_ALL=1, as in CI, a test that skips has failed: nothing may be left out in silence."""
    outcome = yield
    report = outcome.get_result()
    if os.environ.get("REQUIRE_ALL") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under REQUIRE_ALL=1: {report.longrepr}"


LONG = ("e2e/test_stories", "e2e/test_page", "e2e/test_kills", "page/", "storage/", "mutants/")


def pytest_collection_modifyitems(items):
    """The long stories first, so that the short tests fill what is left of the workers' time."""
    items.sort(key=lambda item: next((place for place, part in enumerate(LONG) if part in str(item.path)), len(LONG)))


def pytest_terminal_summary(terminalreporter):
    """What tests counted (`record_property("figure", …)`), seeds included: workers' own prints are not seen."""
    # The empty kind holds the reports of fixtures' ends, which count too; a figure may stand in both.
    reports = (report for kind in ("passed", "failed", "") for report in terminalreporter.stats.get(kind, ()))
    lines = {
        f"{report.nodeid.rpartition('::')[2]}: {value}": None
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "figure"
    }
    for line in lines:
        terminalreporter.write_line(line)
