"""The bot's env file is whole, for its owner alone, and never over another by accident."""

import os
import stat

import pytest

from bot.setup import envfile
from bot.setup.envfile import NotWritten, write
from bot.setup.manifest import BadAddress, request_url


@pytest.fixture(autouse=True)
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_only_the_owner_may_read_it_whatever_the_umask(tmp_path):
    write(tmp_path / ".env", {"A": "1", "B": "2"}, force=False)
    assert (tmp_path / ".env").read_text() == "A=1\nB=2\n"
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_a_file_that_is_there_stays_without_force(tmp_path):
    file = tmp_path / ".env"
    file.write_text("precious")
    with pytest.raises(NotWritten, match="--force"):
        write(file, {"A": "1"}, force=False)
    assert file.read_text() == "precious"
    write(file, {"A": "1"}, force=True)
    assert file.read_text() == "A=1\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("force", [True, False])
def test_a_link_is_never_followed(tmp_path, force):
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / ".env").symlink_to(target)
    with pytest.raises(NotWritten, match="symbolic link"):
        write(tmp_path / ".env", {"A": "1"}, force=force)
    assert target.read_text() == "precious"


def test_a_file_that_somebody_makes_meanwhile_is_not_written_over(tmp_path, monkeypatch):
    file = tmp_path / ".env"
    put = envfile._put

    def slow(path, text):
        put(path, text)
        file.write_text("theirs")

    monkeypatch.setattr(envfile, "_put", slow)
    with pytest.raises(NotWritten):
        write(file, {"A": "1"}, force=False)
    assert file.read_text() == "theirs"
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_a_folder_that_is_missing_is_told(tmp_path):
    with pytest.raises(NotWritten, match="not a folder"):
        write(tmp_path / "none" / ".env", {}, force=False)


@pytest.mark.parametrize("address", ["http://h", "h", "https://", "https://u:p@h", "https://h?x=1", "https://h/#f"])
def test_an_address_that_slack_cannot_reach_is_refused(address):
    with pytest.raises(BadAddress):
        request_url(address)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://h", "https://h/slack/events"),
        ("https://h/", "https://h/slack/events"),
        ("https://h:8443/bot/", "https://h:8443/bot"),
    ],
)
def test_the_request_url_is_the_one_path(address, url):
    assert request_url(address) == url
