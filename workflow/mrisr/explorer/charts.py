"""The charts of a cell as Vega-Lite specifications. The page fills in their data."""

from __future__ import annotations

from typing import Any

import altair as alt

BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#8A8A8A"
"""Okabe and Ito's colours, which colour-blind readers can tell apart."""
HEIGHT = 220


def charts() -> dict[str, dict[str, Any]]:
    """Box plots, the curves of the loss, and the curve of the validation PSNR."""
    return {
        "boxes": _boxes(),
        "losses": _curves(alt.Scale(type="log"), ["training", "validation"]),
        "psnr": _curves(alt.Scale(zero=False), ["validation"]),
    }


def _boxes() -> dict[str, Any]:
    """One box a model: quartiles, median, and a line from the lowest to the highest value."""
    base = alt.Chart(alt.NamedData("boxes")).encode(
        x=alt.X("name:N", sort=None, title=None, axis=alt.Axis(labelAngle=-40)),
        color=alt.condition("datum.chosen", alt.value(VERMILLION), alt.value(GREY)),
        tooltip=[
            alt.Tooltip("name:N", title="model"),
            alt.Tooltip("n:Q", title="scores"),
            *(alt.Tooltip(f"{part}:Q", format=".5") for part in ("lowest", "q1", "median", "q3", "highest")),
        ],
    )
    value = alt.Y("lowest:Q", title=None, scale=alt.Scale(zero=False))
    layers = (
        base.mark_rule().encode(y=value, y2="highest:Q"),
        base.mark_bar(size=16, fillOpacity=0.35, strokeWidth=1.5).encode(y=alt.Y("q1:Q", title=None), y2="q3:Q"),
        base.mark_tick(size=16, thickness=2.5).encode(y=alt.Y("median:Q", title=None)),
    )
    return _page_wide(alt.layer(*layers))


def _curves(scale: alt.Scale, series: list[str]) -> dict[str, Any]:
    """One line a series over the epochs."""
    legend = alt.Legend(orient="top") if len(series) > 1 else None
    chart = (
        alt.Chart(alt.NamedData("curves"))
        .mark_line(point=alt.OverlayMarkDef(size=12))
        .encode(
            x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(format="d", tickMinStep=1)),
            y=alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(format=".3~g", tickCount=5)),
            color=alt.Color(
                "series:N",
                title=None,
                scale=alt.Scale(domain=series, range=[BLUE, VERMILLION][: len(series)]),
                legend=legend,
            ),
            strokeDash=alt.StrokeDash(
                "series:N", title=None, legend=legend, scale=alt.Scale(domain=series, range=[[1, 0], [5, 3]])
            ),
            tooltip=["series:N", "epoch:Q", alt.Tooltip("value:Q", format=".5")],
        )
    )
    return _page_wide(chart)


def _page_wide(chart: Any) -> dict[str, Any]:
    return chart.properties(width="container", height=HEIGHT).to_dict()
