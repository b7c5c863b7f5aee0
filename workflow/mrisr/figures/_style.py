"""The common style of all figures: sizes of a two-column paper, colours for colour-blind readers, equal bytes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib import figure as plain
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mrisr.files import replacing

# Figures are drawn on machines without a display.
matplotlib.use("Agg")

COLUMN, PAGE = 3.5, 7.16
"""Widths in inches of one column and of the whole page (IEEE)."""
TALLEST = 9.2
"""Height in inches of a page without its caption."""
TEXT, SMALL = 7.0, 6.0
"""Font sizes in points."""
LETTER = 0.0088
"""Width of a capital or digit in inches, per point of its font size."""
BOLD = 1.15
"""Factor by which bold letters are wider."""
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#8C613C", "#7F7F7F", "#332288")
"""Okabe and Ito's colours without yellow, which is too pale for lines, then three more."""
BLUE, VERMILLION = COLOURS[0], COLOURS[3]
OUTLINE = "#FF2A00"
"""A colour that stands out on viridis and on grey images."""

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelsize": TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.title_fontsize": SMALL,
    "legend.frameon": False,
    "figure.titlesize": 8,
    "figure.labelsize": TEXT,
    "axes.linewidth": 0.6,
    "axes.titlepad": 3,
    "axes.labelpad": 2,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2,
    "ytick.major.size": 2,
    "xtick.major.pad": 1.5,
    "ytick.major.pad": 1.5,
    "lines.linewidth": 1,
    "grid.linewidth": 0.4,
    "grid.color": "#D9D9D9",
    "image.interpolation": "nearest",
    "image.resample": False,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "figure.dpi": 100,
    "savefig.dpi": 300,
    "svg.fonttype": "path",
    "svg.hashsalt": "mrisr",
    "text.parse_math": False,
    "axes.unicode_minus": True,
}
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")
DASHES = ("-", "--", ":", "-.")


class Figure(plain.Figure):
    """A figure that keeps its renderer.

    The canvas of matplotlib's own makes a new one, as large as the picture, whenever the size of a text is asked for.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        FigureCanvasAgg(self)


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Decorate a function so that it draws in this style, whatever matplotlib's present settings are."""

    @functools.wraps(draw)
    def wrapped(*args, **kwargs) -> Figure:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(STYLE)
            return draw(*args, **kwargs)

    return wrapped


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write ``<stem>.png`` (300 dpi) and ``<stem>.svg`` by rename, without date or version: equal bytes every time."""
    paths = []
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        for suffix, metadata in ((".png", {"Software": None}), (".svg", {"Date": None, "Creator": None})):
            path = Path(stem).with_name(Path(stem).name + suffix)
            with replacing(path) as temporary:
                figure.savefig(temporary, format=suffix[1:], metadata=metadata, dpi=300)
            # The second file has the layout of the first.
            figure.set_layout_engine("none")
            paths.append(path)
    return paths


@dataclass(frozen=True)
class Look:
    """How a training set is drawn in every figure of a study."""

    colour: str
    marker: str
    dash: str


def looks(names: Iterable[str]) -> dict[str, Look]:
    """The look of each name. From the eleventh name on, colours repeat with other markers and dashes."""
    return {
        # The eleventh name has the colour of the first, but another marker and dash.
        name: Look(COLOURS[i % 10], MARKERS[(i + i // 10) % 10], DASHES[i // 10 % 4])
        for i, name in enumerate(dict.fromkeys(names))
    }


def inches(text: str, size: float = SMALL) -> float:
    """Width of a text's longest line at a font size in points; rather too large than too small."""
    return LETTER * size * max(len(line) for line in text.split("\n"))


def fitting(text: str, width: float, size: float, *, bold: bool = False) -> float:
    """The largest font size in points, at most ``size``, at which a text fits into ``width`` inches."""
    return min(size, size * width / max(inches(text, size) * (BOLD if bold else 1), 1e-9))


def legend_grid(names: Iterable[str], most: int = 7) -> tuple[int, int]:
    """Rows and columns of a legend that fits the width of the page."""
    names = list(names)
    widest = max((inches(name) for name in names), default=0) + 0.45
    return balanced(len(names), max(1, min(most, int((PAGE - 0.2) / widest))))


def balanced(count: int, most: int) -> tuple[int, int]:
    """Rows and columns of a grid for ``count`` items, at most ``most`` in a row, the last row as full as possible."""
    rows = -(-count // most)
    return rows, -(-count // max(rows, 1))
