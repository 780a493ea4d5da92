"""What only local files show: allowed folders, drafts, full disks, denied access, bounded memory."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from millhand.blobs import BlobStore, url_of
from millhand.core.classify import outcome_of
from millhand.core.errors import BlobFailed, BlobMissing, BlobStoreDown, Permanent
from millhand.core.outcome import Retry
from tests.support import poll_until

posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions, links and mounts")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def blobs(root: Path) -> BlobStore:
    return BlobStore(roots=[root])


async def _refusal(blobs: BlobStore, url: str) -> str:
    with pytest.raises(Permanent) as refused:
        await blobs.put(b"x", url)
    return refused.value.code


async def test_outside_the_roots_is_refused(blobs: BlobStore, root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with pytest.raises(Permanent) as refused:
        await blobs.stat(url_of(secret))
    assert refused.value.code == "blob_not_allowed"
    assert "blob_roots" in refused.value.hint
    assert str(root) in refused.value.message


@pytest.mark.parametrize(
    "way", ["../secret.txt", "a/../../secret.txt", "%2e%2e/secret.txt", "a%2F..%2F..%2Fsecret.txt"]
)
async def test_dots_do_not_lead_out(blobs: BlobStore, root: Path, way: str) -> None:
    (root / "a").mkdir()
    assert await _refusal(blobs, f"{url_of(root)}/{way}") == "blob_not_allowed"


async def test_a_root_with_the_same_beginning_is_another_folder(blobs: BlobStore, root: Path) -> None:
    assert await _refusal(blobs, f"{url_of(root)}-other/x") == "blob_not_allowed"


async def test_without_roots_no_file_is_allowed(root: Path) -> None:
    assert await _refusal(BlobStore(), url_of(root / "x")) == "blob_not_allowed"


@posix_only
@pytest.mark.parametrize("name", ["link/secret.txt", "link.txt"])
async def test_links_do_not_lead_out(blobs: BlobStore, root: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (root / "link").symlink_to(tmp_path)
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    assert await _refusal(blobs, url_of(root / name)) == "blob_not_allowed"
    assert (tmp_path / "secret.txt").read_text() == "secret"


@posix_only
async def test_links_inside_the_roots_are_followed(blobs: BlobStore, root: Path) -> None:
    (root / "real.txt").write_text("content")
    (root / "link.txt").symlink_to(root / "real.txt")
    assert (await blobs.stat(url_of(root / "link.txt"))).size == 7
    (root / "loop").symlink_to(root / "loop")
    assert await _refusal(blobs, url_of(root / "loop")) == "bad_url"


@posix_only
async def test_a_root_may_itself_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    blobs = BlobStore(roots=[tmp_path / "alias"])
    await blobs.put(b"x", url_of(tmp_path / "alias" / "a.txt"))
    assert (await blobs.stat(url_of(root / "a.txt"))).size == 1


async def test_an_unknown_scheme_is_refused(blobs: BlobStore) -> None:
    assert await _refusal(blobs, "gopher://old/place") == "unknown_scheme"


async def test_a_folder_is_no_blob(blobs: BlobStore, root: Path) -> None:
    (root / "folder").mkdir()
    assert await _refusal(blobs, url_of(root / "folder")) == "bad_url"
    with pytest.raises(Permanent):
        await blobs.stat(url_of(root / "folder"))
    (root / "file").write_text("x")
    assert await _refusal(blobs, url_of(root / "file" / "below")) == "bad_url"
    with pytest.raises(BlobMissing):
        await blobs.stat(url_of(root / "file" / "below"))


@posix_only
async def test_pipes_and_sockets_are_refused_at_once(blobs: BlobStore, root: Path, tmp_path: Path) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(Permanent, match="no regular file"):
        await blobs.fetch(url_of(root / "pipe"), tmp_path / "target")
    with pytest.raises(Permanent, match="no regular file"):
        await asyncio.wait_for(anext(blobs.stream(url_of(root / "pipe"))), 5)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "s"))
        with pytest.raises(Permanent, match="no regular file"):
            await blobs.stat(url_of(root / "s"))


async def test_a_too_long_name_is_a_bad_url(blobs: BlobStore, root: Path) -> None:
    assert await _refusal(blobs, url_of(root / ("n" * 300))) == "bad_url"


async def test_no_draft_stays_behind(blobs: BlobStore, root: Path, tmp_path: Path) -> None:
    await blobs.put(b"x", url_of(root / "a.txt"))
    with pytest.raises(BlobMissing):
        await blobs.put(tmp_path / "missing", url_of(root / "a.txt"))
    assert _names(root) == ["a.txt"]


async def test_the_umask_decides_who_may_read(blobs: BlobStore, root: Path) -> None:
    (root / "plain").write_bytes(b"x")
    await blobs.put(b"x", url_of(root / "blob"))
    assert (root / "blob").stat().st_mode == (root / "plain").stat().st_mode


async def test_a_file_that_grows_past_the_limit_is_refused(blobs: BlobStore, root: Path, tmp_path: Path) -> None:
    source = root / "growing.bin"
    source.write_bytes(b"x" * 10)
    growing = asyncio.create_task(_grow(source))
    with pytest.raises(Permanent) as refused:
        await _fetch_until_refused(blobs, source, tmp_path / "target")
    await growing
    assert refused.value.code == "too_large"
    assert not (tmp_path / "target").exists()


async def _fetch_until_refused(blobs: BlobStore, source: Path, target: Path) -> None:
    while True:
        await blobs.fetch(url_of(source), target, max_bytes=5_000_000)


async def _grow(path: Path) -> None:
    for _ in range(100):
        with path.open("ab") as file:
            file.write(b"x" * 100_000)
        await asyncio.sleep(0)


async def test_a_cancelled_read_leaves_nothing_open(blobs: BlobStore, root: Path, tmp_path: Path) -> None:
    source = root / "large.bin"
    with source.open("wb") as file:
        file.truncate(200_000_000)
    fetching = asyncio.create_task(blobs.fetch(url_of(source), tmp_path / "target"))
    await poll_until((tmp_path / "target").exists, every=0)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert not (tmp_path / "target").exists()
    assert not {str(source), str(tmp_path / "target")} & {file.path for file in psutil.Process().open_files()}


async def test_cancelled_while_it_opens_it_leaves_nothing(blobs: BlobStore, root: Path, tmp_path: Path) -> None:
    await blobs.put(b"x", url_of(root / "a.txt"))
    before = [file.path for file in psutil.Process().open_files()]
    for turns in range(30):
        fetching = asyncio.create_task(blobs.fetch(url_of(root / "a.txt"), tmp_path / "target"))
        for _ in range(turns):
            await asyncio.sleep(0)
        fetching.cancel()
        await asyncio.wait([fetching])
        assert ("target" in _names(tmp_path)) == (not fetching.cancelled())
        (tmp_path / "target").unlink(missing_ok=True)
    assert [file.path for file in psutil.Process().open_files()] == before


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- what needs a process of its own ---

_FETCH_AND_PUT = """
import asyncio, resource, sys
from pathlib import Path
from millhand.blobs import BlobStore, url_of

async def main(folder: Path) -> None:
    blobs = BlobStore(roots=[folder])
    await blobs.put(b"warm", url_of(folder / "warm"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    info = await blobs.fetch(url_of(folder / "large"), folder / "fetched")
    await blobs.put(folder / "fetched", url_of(folder / "copied"))
    print(info.size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

asyncio.run(main(Path(sys.argv[1])))
"""

_PUT = """
import asyncio, os, sys
from pathlib import Path
from millhand.blobs import BlobStore, url_of
from millhand.core.errors import MillhandError

async def main(folder: Path) -> None:
    blobs = BlobStore(roots=[folder])
    await blobs.put(b"small", url_of(folder / "kept.bin"))
    {prepare}
    try:
        await blobs.put(b"x" * 4_000_000, url_of(folder / "kept.bin"))
    except MillhandError as error:
        print(type(error).__name__, error, error.hint, sep="|")
    print((folder / "kept.bin").read_bytes()[:10], len(list(folder.iterdir())), sep="|")

asyncio.run(main(Path(sys.argv[1])))
"""


_KILLED_WHILE_WRITING = """
import sys
from collections.abc import Iterator
from pathlib import Path
from millhand.blobs.replace import replace_file

def content() -> Iterator[bytes]:
    yield b"x" * 1_000_000
    print("written", flush=True)
    sys.stdin.read()

replace_file(Path(sys.argv[1]), content())
"""


def _run(command: Sequence[str]) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@posix_only
def test_memory_stays_bounded(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(300_000_000)
    size, grown_kib = _run([sys.executable, "-c", _FETCH_AND_PUT, str(tmp_path)])[0].split()
    assert int(size) == 300_000_000
    assert int(grown_kib) < 32_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has files without a name")
def test_a_killed_writer_leaves_nothing(root: Path) -> None:
    (root / "kept.bin").write_bytes(b"old")
    command = [sys.executable, "-c", _KILLED_WHILE_WRITING, str(root / "kept.bin")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        writer.kill()
    assert _names(root) == ["kept.bin"]
    assert (root / "kept.bin").read_bytes() == b"old"


@posix_only
def test_a_full_disk_is_told_and_harms_nothing(tmp_path: Path) -> None:
    shell = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    space = ["unshare", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*space, "true"], check=False).returncode != 0:
        pytest.skip("this machine lets no user make a mount namespace")
    program = _PUT.format(prepare="pass")
    failed, kept = _run([*space, "sh", "-c", shell, "sh", str(tmp_path), sys.executable, program])
    name, message, hint = failed.split("|")
    assert name == "BlobStoreDown"
    assert "is full" in message
    assert hint
    assert kept == "b'small'|1"


@posix_only
def test_denied_access_is_told() -> None:
    # Root may write everywhere, so a child that is root becomes nobody.
    prepare = "folder.chmod(0o555); os.geteuid() or os.seteuid(65534)"
    with tempfile.TemporaryDirectory() as folder:  # not below pytest's folder, which nobody may enter
        failed, kept = _run([sys.executable, "-c", _PUT.format(prepare=prepare), folder])
        Path(folder).chmod(0o755)
    name, message, hint = failed.split("|")
    assert name == "BlobFailed"
    assert "permission denied" in message
    assert hint
    assert kept == "b'small'|1"


def test_a_full_disk_costs_the_job_no_attempt() -> None:
    outcome = outcome_of(BlobStoreDown("the disk is full"))
    assert isinstance(outcome, Retry)
    assert not outcome.charged
    assert isinstance(BlobStoreDown("the disk is full"), BlobFailed)
