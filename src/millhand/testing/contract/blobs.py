"""What every blob store must do. Inherit `BlobContract` and give it the fixtures `blobs` and `base`.

`ObjectContract` has the clauses of object stores beside: conditions, links, and places that jobs may not use.
"""

import asyncio
import hashlib
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from millhand.blobs import BlobStore
from millhand.core.errors import BlobMissing, Permanent

MIB = 1024 * 1024

NAMES = [
    "plain.txt",
    "a/b/c/deep.bin",
    "with%20space.docx",
    "%C3%BCmlaut/%D7%A9%D7%9C%D7%95%D7%9D/%F0%9F%93%84.pdf",
    "100%25.txt",
    "a%2Bb+c.txt",
    "quoted%3Fquestion%23hash.txt",
    "semi;colon,comma'quote(1).txt",
    ".hidden",
    "n" * 200,
]
"""Names as they stand in a URL."""


class BlobContract:
    """The clauses. `base` is a URL ending in `/` under which the test may write whatever it likes."""

    @pytest.fixture
    def blobs(self) -> Iterator[BlobStore]:
        """The store to test."""
        raise NotImplementedError

    @pytest.fixture
    def base(self) -> Iterator[str]:
        """Where to write."""
        raise NotImplementedError

    @pytest.mark.parametrize("name", NAMES)
    async def test_what_is_put_is_read(self, blobs: BlobStore, base: str, name: str) -> None:
        """Content comes back under the URL that it was put to, whatever the name."""
        content = name.encode()
        written = await blobs.put(content, base + name)
        assert await _content(blobs, base + name) == content
        assert (written.url, written.size) == (base + name, len(content))

    @pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB])
    async def test_every_size_keeps_its_hash(self, blobs: BlobStore, base: str, tmp_path: Path, size: int) -> None:
        """Size and SHA-256 are those of the content, when written and when fetched."""
        content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
        digest = hashlib.sha256(content).hexdigest()
        written = await blobs.put(content, base + "sized.bin")
        fetched = await blobs.fetch(base + "sized.bin", tmp_path / "fetched.bin")
        assert (written.size, written.sha256) == (size, digest)
        assert (fetched.size, fetched.sha256) == (size, digest)
        assert (tmp_path / "fetched.bin").read_bytes() == content

    async def test_a_file_is_put_like_bytes(self, blobs: BlobStore, base: str, tmp_path: Path) -> None:
        """A path as content means the content of that file."""
        (tmp_path / "source").write_bytes(b"from a file" * MIB)
        written = await blobs.put(tmp_path / "source", base + "copy.bin")
        assert written.size == 11 * MIB
        assert (await blobs.stat(base + "copy.bin")).size == 11 * MIB

    async def test_pieces_are_small(self, blobs: BlobStore, base: str) -> None:
        """No piece of a stream is larger than a mebibyte, so that memory stays bounded."""
        await blobs.put(b"x" * (5 * MIB), base + "large.bin")
        sizes = [len(piece) async for piece in blobs.stream(base + "large.bin")]
        assert sum(sizes) == 5 * MIB
        assert max(sizes) <= MIB

    async def test_media_type_follows_the_name(self, blobs: BlobStore, base: str) -> None:
        """A PDF is a PDF."""
        await blobs.put(b"%PDF", base + "letter.pdf")
        assert (await blobs.stat(base + "letter.pdf")).media_type == "application/pdf"

    async def test_put_replaces(self, blobs: BlobStore, base: str) -> None:
        """The second content is there, and nothing of the first."""
        await blobs.put(b"the first, longer content", base + "one.txt")
        await blobs.put(b"second", base + "one.txt")
        assert await _content(blobs, base + "one.txt") == b"second"

    async def test_a_reader_keeps_what_it_opened(self, blobs: BlobStore, base: str) -> None:
        """Replacing a blob does not disturb who reads it."""
        await blobs.put(b"a" * (3 * MIB), base + "shared.bin")
        reader = aiter(blobs.stream(base + "shared.bin"))
        pieces = [await anext(reader)]
        await blobs.put(b"b" * (3 * MIB), base + "shared.bin")
        pieces += [piece async for piece in reader]
        assert b"".join(pieces) == b"a" * (3 * MIB)

    async def test_readers_never_see_a_part(self, blobs: BlobStore, base: str) -> None:
        """While writers race, each reader gets one writer's whole content."""
        contents = [bytes([letter]) * (2 * MIB) for letter in b"abcd"]
        await blobs.put(contents[0], base + "raced.bin")
        writers = [blobs.put(content, base + "raced.bin") for content in contents]
        readers = [_content(blobs, base + "raced.bin") for _ in range(8)]
        _, seen = await asyncio.gather(asyncio.gather(*writers), asyncio.gather(*readers))
        assert all(content in contents for content in seen)

    async def test_a_failed_put_changes_nothing(self, blobs: BlobStore, base: str, tmp_path: Path) -> None:
        """If the source can't be read, the old blob stays."""
        await blobs.put(b"old", base + "kept.txt")
        with pytest.raises(BlobMissing):
            await blobs.put(tmp_path / "not there", base + "kept.txt")
        assert await _content(blobs, base + "kept.txt") == b"old"

    async def test_what_is_missing_is_said_so(self, blobs: BlobStore, base: str, tmp_path: Path) -> None:
        """Each way of reading raises `BlobMissing` with the URL in its message."""
        url = base + "missing.txt"
        with pytest.raises(BlobMissing, match=r"missing\.txt"):
            await blobs.stat(url)
        with pytest.raises(BlobMissing, match=r"missing\.txt"):
            await _content(blobs, url)
        with pytest.raises(BlobMissing, match=r"missing\.txt"):
            await blobs.fetch(url, tmp_path / "target")
        assert not (tmp_path / "target").exists()

    async def test_a_limit_is_kept(self, blobs: BlobStore, base: str, tmp_path: Path) -> None:
        """A blob of exactly the limit is fetched; one byte more is refused, and nothing stays behind."""
        await blobs.put(b"12345", base + "five.txt")
        assert (await blobs.fetch(base + "five.txt", tmp_path / "five", max_bytes=5)).size == 5
        with pytest.raises(Permanent) as refused:
            await blobs.fetch(base + "five.txt", tmp_path / "four", max_bytes=4)
        assert refused.value.code == "too_large"
        assert not (tmp_path / "four").exists()

    async def test_delete_is_idempotent(self, blobs: BlobStore, base: str) -> None:
        """What is deleted is gone; deleting it again is harmless."""
        await blobs.put(b"x", base + "gone.txt")
        await blobs.delete(base + "gone.txt")
        await blobs.delete(base + "gone.txt")
        with pytest.raises(BlobMissing):
            await blobs.stat(base + "gone.txt")

    @pytest.mark.parametrize("tail", ["unencoded?x=1", "unencoded#x", "zero%00byte", "new\nline"])
    async def test_an_odd_url_is_refused(self, blobs: BlobStore, base: str, tail: str) -> None:
        """Rather than to read another blob than the one that is meant."""
        with pytest.raises(Permanent) as refused:
            await blobs.put(b"x", base + tail)
        assert refused.value.code == "bad_url"

    async def test_of_many_creators_one_succeeds(self, blobs: BlobStore, base: str) -> None:
        """What is there is left alone, and everybody else is told so."""
        made = await asyncio.gather(*(blobs.create(str(n).encode(), base + "claim.txt") for n in range(8)))
        [winner] = [n for n, info in enumerate(made) if info is not None]
        assert await _content(blobs, base + "claim.txt") == str(winner).encode()
        assert await blobs.create(b"late", base + "claim.txt") is None
        await blobs.delete(base + "claim.txt")
        assert await blobs.create(b"again", base + "claim.txt") is not None

    async def test_walking_finds_all_below(self, blobs: BlobStore, base: str) -> None:
        """Every blob once, at any depth, by the URL that it can be read at; nothing beside the folder."""
        names = ["in/b.txt", "in/a.txt", "in/deep/er/c%20d.txt", "inner/no.txt", "in.txt"]
        for name in names:
            await blobs.put(name.encode(), base + name)
        found = [info async for info in blobs.walk(base + "in")]
        assert sorted(info.url for info in found) == sorted(base + name for name in names[:3])
        for info in found:
            content = await _content(blobs, info.url)
            assert (base + content.decode(), len(content)) == (info.url, info.size)
        assert [info async for info in blobs.walk(base + "nothing/")] == []


class ObjectContract(BlobContract):
    """The clauses of object stores; `base` is all that the store under test may use."""

    @pytest.fixture
    def trust(self) -> ssl.SSLContext:
        """By what an ordinary client knows the server."""
        return ssl.create_default_context()

    async def test_replacing_needs_the_right_etag(self, blobs: BlobStore, base: str) -> None:
        """Of two who read the same, one can write; and what is gone is not brought back."""
        url = base + "state.json"
        first = await blobs.put(b"1", url)
        assert first.etag == (await blobs.stat(url)).etag
        second = await blobs.replace(b"2", url, first.etag or "")
        assert second is not None
        assert second.etag != first.etag
        assert await blobs.replace(b"3", url, first.etag or "") is None
        assert await _content(blobs, url) == b"2"
        await blobs.delete(url)
        assert await blobs.replace(b"4", url, second.etag or "") is None
        with pytest.raises(BlobMissing):
            await blobs.stat(url)

    async def test_of_many_replacers_one_succeeds(self, blobs: BlobStore, base: str) -> None:
        """Also when they write at the same moment."""
        url = base + "raced.json"
        etag = (await blobs.put(b"start", url)).etag or ""
        made = await asyncio.gather(*(blobs.replace(str(n).encode(), url, etag) for n in range(8)))
        [winner] = [n for n, info in enumerate(made) if info is not None]
        assert await _content(blobs, url) == str(winner).encode()

    async def test_a_large_blob_goes_in_parts(self, blobs: BlobStore, base: str, tmp_path: Path) -> None:
        """Content of many parts keeps its size and hash."""
        with (tmp_path / "large").open("wb") as file:
            for number in range(21):
                file.write(bytes([number]) * MIB)
        written = await blobs.put(tmp_path / "large", base + "large.bin")
        fetched = await blobs.fetch(base + "large.bin", tmp_path / "fetched")
        assert (written.size, written.sha256) == (fetched.size, fetched.sha256)
        assert fetched.size == 21 * MIB

    async def test_a_large_put_that_fails_changes_nothing(self, blobs: BlobStore, base: str, tmp_path: Path) -> None:
        """If the caller is cancelled amid the parts, the old blob stays."""
        url = base + "kept.bin"
        await blobs.put(b"old", url)
        with (tmp_path / "large").open("wb") as file:
            file.truncate(200 * MIB)
        putting = asyncio.create_task(blobs.put(tmp_path / "large", url))
        await asyncio.sleep(0.2)
        assert not putting.done()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        assert await _content(blobs, url) == b"old"

    async def test_a_link_reads_without_credentials(self, blobs: BlobStore, base: str, trust: ssl.SSLContext) -> None:
        """For the blob that it was made for, and no other."""
        await blobs.put(b"shared", base + "shared%20file.txt")
        await blobs.put(b"private", base + "private.txt")
        link = await blobs.link(base + "shared%20file.txt", seconds=60)
        assert await asyncio.to_thread(_get, link, trust) == (200, b"shared")
        status, _ = await asyncio.to_thread(_get, link.replace("shared%20file.txt", "private.txt"), trust)
        assert status == 403

    async def test_a_link_writes_without_credentials(self, blobs: BlobStore, base: str, trust: ssl.SSLContext) -> None:
        """If it was made for that; one that was made to read can't."""
        await blobs.put(b"old", base + "upload.txt")
        reading = await blobs.link(base + "upload.txt", seconds=60)
        assert await asyncio.to_thread(_put, reading, b"forged", trust) == 403
        writing = await blobs.link(base + "upload.txt", seconds=60, method="PUT")
        assert await asyncio.to_thread(_put, writing, b"new", trust) in {200, 201}
        assert await _content(blobs, base + "upload.txt") == b"new"

    @pytest.mark.parametrize("place", ["../other/x.txt", "..%2Fother/x.txt", "./x.txt", "a//b.txt", "folder/"])
    async def test_a_url_that_leads_elsewhere_is_refused(self, blobs: BlobStore, base: str, place: str) -> None:
        """Rather than to be resolved by some client on the way."""
        with pytest.raises(Permanent) as refused:
            await blobs.put(b"x", base + place)
        assert refused.value.code == "bad_url"

    async def test_a_place_that_is_not_allowed_is_refused(self, blobs: BlobStore, base: str, tmp_path: Path) -> None:
        """In every call, before the store is asked."""
        parent = base.rstrip("/").rpartition("/")[0]
        scheme, _, rest = base.partition("://")
        bucket = rest.partition("/")[0]
        outside = [f"{parent}/elsewhere.txt", base.rstrip("/"), f"{base.rstrip('/')}er/x", f"{scheme}://{bucket}er/x"]
        for url in outside:
            for call in (
                blobs.stat(url),
                blobs.fetch(url, tmp_path / "x"),
                blobs.put(b"x", url),
                blobs.create(b"x", url),
                blobs.replace(b"x", url, "etag"),
                blobs.delete(url),
                blobs.link(url),
                _content(blobs, url),
            ):
                with pytest.raises(Permanent) as refused:
                    await call
                assert refused.value.code == "blob_not_allowed"
        with pytest.raises(Permanent):
            await anext(blobs.walk(parent))


def _get(link: str, trust: ssl.SSLContext) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(link, context=trust) as answer:  # noqa: S310 - the server under test
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""


def _put(link: str, content: bytes, trust: ssl.SSLContext) -> int:
    headers = {"x-ms-blob-type": "BlockBlob"}  # Azure asks for it, S3 ignores it
    request = urllib.request.Request(link, data=content, method="PUT", headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, context=trust) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


async def _content(blobs: BlobStore, url: str) -> bytes:
    return b"".join([piece async for piece in blobs.stream(url)])
