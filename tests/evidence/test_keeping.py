"""Bundles on disk: new folders, generated names, no link followed, nothing overwritten."""

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.evidence.keeping import NotKept, Shelf

AT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)


def test_a_bundle_lies_under_plan_rollout_and_moment_with_its_hash_beside_it(sealed, tmp_path):
    path = Shelf(tmp_path / "a" / "artifacts").keep(sealed, AT)
    assert path == Path("gitguard/gitguard-1/20260301T123005Z/gitguard-1.zip")
    file = tmp_path / "a" / "artifacts" / path
    assert file.read_bytes() == sealed.raw
    assert file.with_name("gitguard-1.zip.sha256").read_text() == f"{sealed.sha256}  gitguard-1.zip\n"


def test_only_the_bots_own_user_may_read_it(sealed, tmp_path):
    before = os.umask(0)
    try:
        path = tmp_path / "artifacts" / Shelf(tmp_path / "artifacts").keep(sealed, AT)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, *list(path.parents)[1:4]):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_second_one_of_the_same_second_gets_a_folder_of_its_own(sealed, tmp_path):
    shelf = Shelf(tmp_path)
    paths = [shelf.keep(sealed, AT) for _ in range(3)]
    assert [path.parent.name for path in paths] == ["20260301T123005Z", "20260301T123005Z-2", "20260301T123005Z-3"]


@pytest.mark.parametrize("place", ["gitguard", "gitguard/gitguard-1"])
def test_a_link_in_the_way_is_not_followed(sealed, tmp_path, place):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    root = tmp_path / "artifacts"
    (root / place).parent.mkdir(parents=True)
    (root / place).symlink_to(elsewhere)
    with pytest.raises(NotKept, match="links"):
        Shelf(root).keep(sealed, AT)
    assert list(elsewhere.iterdir()) == []


def test_a_root_that_is_a_link_is_refused(sealed, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(NotKept):
        Shelf(tmp_path / "link").keep(sealed, AT)


def test_a_folder_that_a_link_stands_for_is_left_alone(sealed, tmp_path):
    parent = tmp_path / "gitguard" / "gitguard-1"
    parent.mkdir(parents=True)
    (parent / "20260301T123005Z").symlink_to(tmp_path / "nowhere")
    assert Shelf(tmp_path).keep(sealed, AT).parent.name == "20260301T123005Z-2"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".", "A B", "x" * 200, "a\0b"])
def test_a_name_that_is_none_of_ours_makes_no_folder(sealed, tmp_path, name):
    with pytest.raises(NotKept, match="cannot name a folder"):
        Shelf(tmp_path / "artifacts").keep(replace(sealed, rollout=name), AT)
    assert not (tmp_path / "artifacts").exists()


def test_a_place_that_cannot_be_written_is_said(sealed, tmp_path):
    (tmp_path / "artifacts").write_text("a file")
    with pytest.raises(NotKept, match="cannot keep evidence"):
        Shelf(tmp_path / "artifacts").keep(sealed, AT)
