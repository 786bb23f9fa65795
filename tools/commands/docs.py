"""thing docs: the pages of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("page", required=False)
@click.argument("section", required=False)
@pass_context
def command(context: Context, page: str | None, section: str | None) -> None:
    """List the pages of the documentation, or show PAGE, or its SECTION.

    They are of this version, and come with it: nothing is asked for elsewhere. On a terminal they are laid out, into a
    pipe or a file goes the Markdown.
    """
    from .. import pages

    if page is None:
        titles = pages.titles()
        width = max(map(len, titles))
        context.out.data(titles, "\n".join(f"{name:{width}}  {title}" for name, title in titles.items()))
        return
    text = pages.text(page, section)
    context.out.page({"page": page, "section": section, "text": text}, text)
