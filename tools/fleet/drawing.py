"""A value's points as a picture: in a terminal by plotext, as SVG by pygal; both are the extra ``plot``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ..errors import ToolError
from .history import Points

_BLUE = "#1f77b4"
_EXTRA = "drawing needs plotext and pygal: pip install 'micropython-aws-iot[plot]'"


def _runs(points: Points) -> Iterator[Points]:
    """The points between two gaps."""
    for known, run in itertools.groupby(points, lambda point: point[1] is not None):
        if known:
            yield list(run)


def text(points: Points, title: str, width: int, height: int, colour: bool) -> str:
    """Of so many columns and lines, the last of which has the time."""
    try:
        import plotext
    except ImportError as error:
        raise ToolError(_EXTRA) from error
    start, end = points[0][0], points[-1][0]
    plotext.clear_figure()
    plotext.plot_size(width, height)
    plotext.title(title)
    for run in _runs(points):
        plotext.plot([when.timestamp() for when, _ in run], [value for _, value in run], color="blue")
    known = {value for _, value in points if value is not None}
    if len(known) == 1:
        plotext.yticks(list(known))
    ticks = [start + (end - start) * part / 4 for part in range(5)] if end > start else [start]
    form = "%H:%M:%S" if (end - start).days < 1 else "%Y-%m-%d"
    plotext.xticks([tick.timestamp() for tick in ticks], [tick.strftime(form) for tick in ticks])
    drawn: str = plotext.build()
    return drawn if colour else plotext.uncolorize(drawn)


def svg(points: Points, title: str) -> bytes:
    """An SVG document that needs nothing else."""
    try:
        import pygal
        from pygal.style import Style
    except ImportError as error:
        raise ToolError(_EXTRA) from error
    runs = list(_runs(points))
    style = Style(colors=(_BLUE,) * len(runs), font_family="sans-serif")  # it would ask the network for its own
    chart = pygal.DateTimeLine(title=title, show_legend=False, x_label_rotation=20, dots_size=2, style=style, js=[])
    for run in runs:
        chart.add(title, run)
    drawn: bytes = chart.render()
    return drawn
