"""Puts CONTRIBUTING.md, which stands beside this folder, into the site."""

from pathlib import Path


def on_page_markdown(markdown, page, **_):
    """The text of the page, in which links begin at this folder."""
    if page.file.src_uri != "contributing.md":
        return markdown
    return (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8").replace("](docs/", "](")
