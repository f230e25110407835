"""Files and folders for one user alone."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from xpander_client.errors import ConfigurationError
from xpander_client.private_files import (
    check_private,
    check_private_folder,
    make_private_folder,
    open_private,
    real_path,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights are those of POSIX")

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture(params=[0o000, 0o022, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_what_is_made_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_private_folder(folder)
    os.close(open_private(folder / "file"))
    assert [rights(each) for each in (folder.parent, folder)] == [0o700, 0o700]
    assert rights(folder / "file") == 0o600


def test_what_is_there_keeps_its_rights_and_what_is_in_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    (tmp_path / "file").write_text("kept")
    (tmp_path / "file").chmod(0o640)
    make_private_folder(tmp_path)
    with os.fdopen(open_private(tmp_path / "file")) as file:
        assert file.read() == "kept"
    assert (rights(tmp_path), rights(tmp_path / "file")) == (0o750, 0o640)


@pytest.mark.parametrize("leads", ["to a file", "nowhere"])
def test_a_link_is_not_opened_nor_is_what_it_leads_to_made(tmp_path: Path, leads: str) -> None:
    if leads == "to a file":
        (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for look in (open_private, check_private):
        with pytest.raises(ConfigurationError, match="link is a link"):
            look(tmp_path / "link")
    assert (tmp_path / "target").exists() == (leads == "to a file")


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ConfigurationError, match="is no file"):
            open_private(place)
    with pytest.raises(FileNotFoundError):
        open_private(tmp_path / "none", make=False)
    check_private(tmp_path / "none")


@as_root
def test_a_file_or_a_link_of_somebody_else_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert real_path(tmp_path / "link") == tmp_path / "file"
    for name in ("file", "link"):
        os.chown(tmp_path / name, NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(ConfigurationError, match=f"belongs to somebody else.*{NOBODY}"):
        open_private(tmp_path / "file")
    with pytest.raises(ConfigurationError, match="somebody else has laid"):
        real_path(tmp_path / "link")


def test_a_folder_with_a_foreseeable_name_is_its_owners_and_no_link(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    for name in ("mine", "none"):
        check_private_folder(tmp_path / name)
    with pytest.raises(ConfigurationError, match="is a link"):
        check_private_folder(tmp_path / "link")
    if os.geteuid() == 0:
        os.chown(tmp_path / "mine", NOBODY, NOBODY)
        with pytest.raises(ConfigurationError, match="belongs to somebody else"):
            check_private_folder(tmp_path / "mine")


@as_root
def test_root_may_use_what_is_a_users_in_the_users_own_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file"):
        os.chown(place, NOBODY, NOBODY)
    os.close(open_private(tmp_path / "file"))
    tmp_path.chmod(0o777)
    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        open_private(tmp_path / "file")
