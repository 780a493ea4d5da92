"""What every blob store must do. Inherit `BlobContract` and give it the fixtures `blobs` and `base`."""

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from millhand.core.errors import BlobMissing, Permanent
from millhand.core.ports import Blobs

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
    def blobs(self) -> Iterator[Blobs]:
        """The store to test."""
        raise NotImplementedError

    @pytest.fixture
    def base(self) -> Iterator[str]:
        """Where to write."""
        raise NotImplementedError

    @pytest.mark.parametrize("name", NAMES)
    async def test_what_is_put_is_read(self, blobs: Blobs, base: str, name: str) -> None:
        """Content comes back under the URL that it was put to, whatever the name."""
        content = name.encode()
        written = await blobs.put(content, base + name)
        assert await _content(blobs, base + name) == content
        assert (written.url, written.size) == (base + name, len(content))

    @pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB])
    async def test_every_size_keeps_its_hash(self, blobs: Blobs, base: str, tmp_path: Path, size: int) -> None:
        """Size and SHA-256 are those of the content, when written and when fetched."""
        content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
        digest = hashlib.sha256(content).hexdigest()
        written = await blobs.put(content, base + "sized.bin")
        fetched = await blobs.fetch(base + "sized.bin", tmp_path / "fetched.bin")
        assert (written.size, written.sha256) == (size, digest)
        assert (fetched.size, fetched.sha256) == (size, digest)
        assert (tmp_path / "fetched.bin").read_bytes() == content

    async def test_a_file_is_put_like_bytes(self, blobs: Blobs, base: str, tmp_path: Path) -> None:
        """A path as content means the content of that file."""
        (tmp_path / "source").write_bytes(b"from a file" * MIB)
        written = await blobs.put(tmp_path / "source", base + "copy.bin")
        assert written.size == 11 * MIB
        assert (await blobs.stat(base + "copy.bin")).size == 11 * MIB

    async def test_pieces_are_small(self, blobs: Blobs, base: str) -> None:
        """No piece of a stream is larger than a mebibyte, so that memory stays bounded."""
        await blobs.put(b"x" * (5 * MIB), base + "large.bin")
        sizes = [len(piece) async for piece in blobs.stream(base + "large.bin")]
        assert sum(sizes) == 5 * MIB
        assert max(sizes) <= MIB

    async def test_media_type_follows_the_name(self, blobs: Blobs, base: str) -> None:
        """A PDF is a PDF."""
        await blobs.put(b"%PDF", base + "letter.pdf")
        assert (await blobs.stat(base + "letter.pdf")).media_type == "application/pdf"

    async def test_put_replaces(self, blobs: Blobs, base: str) -> None:
        """The second content is there, and nothing of the first."""
        await blobs.put(b"the first, longer content", base + "one.txt")
        await blobs.put(b"second", base + "one.txt")
        assert await _content(blobs, base + "one.txt") == b"second"

    async def test_a_reader_keeps_what_it_opened(self, blobs: Blobs, base: str) -> None:
        """Replacing a blob does not disturb who reads it."""
        await blobs.put(b"a" * (3 * MIB), base + "shared.bin")
        reader = aiter(blobs.stream(base + "shared.bin"))
        pieces = [await anext(reader)]
        await blobs.put(b"b" * (3 * MIB), base + "shared.bin")
        pieces += [piece async for piece in reader]
        assert b"".join(pieces) == b"a" * (3 * MIB)

    async def test_readers_never_see_a_part(self, blobs: Blobs, base: str) -> None:
        """While writers race, each reader gets one writer's whole content."""
        contents = [bytes([letter]) * (2 * MIB) for letter in b"abcd"]
        await blobs.put(contents[0], base + "raced.bin")
        writers = [blobs.put(content, base + "raced.bin") for content in contents]
        readers = [_content(blobs, base + "raced.bin") for _ in range(8)]
        _, seen = await asyncio.gather(asyncio.gather(*writers), asyncio.gather(*readers))
        assert all(content in contents for content in seen)

    async def test_a_failed_put_changes_nothing(self, blobs: Blobs, base: str, tmp_path: Path) -> None:
        """If the source can't be read, the old blob stays."""
        await blobs.put(b"old", base + "kept.txt")
        with pytest.raises(BlobMissing):
            await blobs.put(tmp_path / "not there", base + "kept.txt")
        assert await _content(blobs, base + "kept.txt") == b"old"

    async def test_what_is_missing_is_said_so(self, blobs: Blobs, base: str, tmp_path: Path) -> None:
        """Each way of reading raises `BlobMissing` with the URL in its message."""
        url = base + "missing.txt"
        with pytest.raises(BlobMissing, match=r"missing\.txt"):
            await blobs.stat(url)
        with pytest.raises(BlobMissing, match=r"missing\.txt"):
            await _content(blobs, url)
        with pytest.raises(BlobMissing, match=r"missing\.txt"):
            await blobs.fetch(url, tmp_path / "target")
        assert not (tmp_path / "target").exists()

    async def test_a_limit_is_kept(self, blobs: Blobs, base: str, tmp_path: Path) -> None:
        """A blob of exactly the limit is fetched; one byte more is refused, and nothing stays behind."""
        await blobs.put(b"12345", base + "five.txt")
        assert (await blobs.fetch(base + "five.txt", tmp_path / "five", max_bytes=5)).size == 5
        with pytest.raises(Permanent) as refused:
            await blobs.fetch(base + "five.txt", tmp_path / "four", max_bytes=4)
        assert refused.value.code == "too_large"
        assert not (tmp_path / "four").exists()

    async def test_delete_is_idempotent(self, blobs: Blobs, base: str) -> None:
        """What is deleted is gone; deleting it again is harmless."""
        await blobs.put(b"x", base + "gone.txt")
        await blobs.delete(base + "gone.txt")
        await blobs.delete(base + "gone.txt")
        with pytest.raises(BlobMissing):
            await blobs.stat(base + "gone.txt")

    @pytest.mark.parametrize("tail", ["unencoded?x=1", "unencoded#x", "zero%00byte", "new\nline"])
    async def test_an_odd_url_is_refused(self, blobs: Blobs, base: str, tail: str) -> None:
        """Rather than to read another blob than the one that is meant."""
        with pytest.raises(Permanent) as refused:
            await blobs.put(b"x", base + tail)
        assert refused.value.code == "bad_url"


async def _content(blobs: Blobs, url: str) -> bytes:
    return b"".join([piece async for piece in blobs.stream(url)])
