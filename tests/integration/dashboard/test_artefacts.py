"""The page of what all jobs have produced."""

from base64 import b64decode

from tests.integration.dashboard.conftest import Visitor, text

DOT = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


def test_artefacts_are_found_by_name_and_type(visitor: Visitor) -> None:
    job = visitor.served.jobs["written"]
    page = visitor.get("/artefacts?name=NOTE&type=text/*")
    assert "note.txt text/plain 5 B note.write hello" in text(page)
    assert f'href="/jobs/{job}/files/'.encode() in page.body
    assert "No artefact fits here" in text(visitor.get("/artefacts?type=audio/*"))


def test_a_small_picture_is_shown_in_its_row(visitor: Visitor) -> None:
    site = visitor.served
    dot = site.folder / "data" / "dot.png"
    dot.write_bytes(DOT)
    target = (site.folder / "data" / "made" / "dot").as_uri()
    job = site.send("note.write", {"source": dot.as_uri(), "target": target, "media_type": "image/png"})
    page = visitor.get("/artefacts?type=image/*").body.decode()
    address = page.partition('<img src="')[2].partition('"')[0]
    assert address.startswith(f"/jobs/{job['id']}/files/")
    shown = visitor.get(address)
    assert (shown.headers["content-type"], shown.body) == ("image/png", DOT)
