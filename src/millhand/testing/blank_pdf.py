"""The simplest PDF that is whole."""


def blank_pdf(pages: int) -> bytes:
    """A whole PDF of so many blank pages."""
    kids = " ".join(f"{number} 0 R" for number in range(3, 3 + pages))
    bodies = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {pages}>>"]
    bodies += ["<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"] * pages
    text = "%PDF-1.7\n"
    places: list[int] = []
    for number, body in enumerate(bodies, start=1):
        places.append(len(text))
        text += f"{number} 0 obj{body}endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size, start = len(bodies) + 1, len(text)
    text += f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    return (text + f"trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").encode("ascii")
