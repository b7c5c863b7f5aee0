"""Draw all pictures of one figure at one scale."""

from __future__ import annotations

from typing import Any

from mrisr.planning import figures
from mrisr.planning.job import Job

from .scoring import score_rows
from .sources import SHOWN_METHODS, SHOWN_MODELS, SOURCES
from .stage import Asks, Stage, Takes

MEGABYTES = 600
"""Working memory beside scores and networks."""
SECONDS = 4.0
"""Time of one figure of the default study."""


class Figure(Stage):
    """One job draws one figure. The rule is named after the figure."""

    NAME, RULE, VERB = "figure", "plot_{figure}", "figures"
    ACTION = "mrisr.figures._drawing"
    MEASURING = "mrisr.figures._measuring"
    KEY = "x{scale}"
    RECORD = "figures/x{scale}/{figure}.run.json"
    INFLUENCE = ("figure",)
    DISTRIBUTIONS = ("matplotlib", "pandas")
    QUICK = True
    NOMINAL_SECONDS = 5.0

    def job(self, figure: str, scale: int) -> Job:
        """The job of a figure. The figure's constant ``READS`` determines its inputs and settings."""
        scale = int(scale)
        sources = [SOURCES[name](self.jobs, scale) for name in figures.declared(figure, "READS")]
        options = {
            setting: getattr(self.study.figures, key) for setting, key in figures.declared(figure, "OPTIONS").items()
        }
        numbers = figures.numbers(self.jobs, figure, scale)
        settings = {"figure": figure, "pictures": figures.pictures(self.jobs, figure), "scale": scale, **options}
        return self.make(
            {"figure": figure, "scale": scale},
            settings={**settings, **{key: value for source in sources for key, value in source.settings.items()}},
            modules=(f"mrisr.figures.{figure}", *(module for source in sources for module in source.modules)),
            reads={role: files for source in sources for role, files in source.reads.items()},
            action=self.MEASURING if numbers else self.ACTION,
            writes={
                f"{stem}.{kind}": f"{stem}.{kind}"
                for stem in figures.stems(self.jobs, figure, scale)
                for kind in ("png", "svg")
            }
            | numbers,
            needs={role: found for source in sources for role, found in source.needs.items()},
        )

    def targets(self) -> list[dict[str, Any]]:
        """The figures that the study draws, at each of its scales."""
        scales, names = self.study.protocol.scales, figures.drawn(self.study)
        return [{"figure": name, "scale": scale} for scale in scales for name in names]

    def asks(self, costs, figure: str) -> Asks:
        """Memory for all scores, and for the networks if a figure shows their estimates."""
        memory = MEGABYTES + score_rows(self.jobs, costs.geometries) * costs.ROW_BYTES / costs.MB
        if {SHOWN_MODELS, SHOWN_METHODS} & set(figures.declared(figure, "READS")):
            shown = costs.largest([costs.geometries.of(subject) for subject in self.subjects.groups]).pixels
            networks = [costs.network(model["architecture"], model["scale"]) for model in self.jobs.models()]
            largest = max(network.largest for network in networks)
            memory += costs.TORCH_MB - costs.BASE_MB + largest * costs.ESTIMATE_ARRAYS * shown / costs.MB
        return Asks(memory, 10 + len(self.jobs.models()) / 60)

    def takes(self, costs, job: Job) -> Takes:
        """Time to read all scores and to draw; disk space of the pictures."""
        rows = score_rows(self.jobs, costs.geometries)
        return Takes(SECONDS + rows / costs.ROWS_A_SECOND, len(job.writes) * costs.BYTES_A_PICTURE)
