"""The key ``evaluation.remedies``: which training sets are the arms of a study of remedies (docs/remedies.md)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from .checks import Study, unknown
from .section import Name, Section


class Site(Section):
    """The arms that belong to one test set. Each is a training set, or several that differ in the kernel's seed."""

    dsgan: list[Name] = Field(min_length=1, description="kernels that DSGAN learned there, one training set a seed")
    dsn: list[Name] = Field([], description="networks that DSN learned there")
    oracle: Name = Field(description="the true blur of the test set")
    paired: Name | None = Field(None, description="the pairs of the test set itself")
    displacement: float | None = Field(None, ge=0, description="the displacement of the test set, as its option says")


class Remedies(Section):
    """The arms of a study of remedies."""

    blur: Name = Field(description="the training set of the Gaussian blur (GB)")
    zero_filling: Name = Field(description="the training set of zero-filling (ZF)")
    specialists: list[Name] = Field(
        min_length=2, description="training sets of one degradation each; the router chooses among them"
    )
    combine: Name = Field(description="the mixture of the specialists' degradations")
    without: list[Name] = Field([], description="mixtures without a family of degradations")
    randomised: Name | None = Field(None, description="the training set of random degradations")
    sites: dict[Name, Site] = Field({}, description="test sets with arms of their own")

    def training_sets(self) -> list[str]:
        """All arms that are training sets."""
        of_sites = [
            name
            for site in self.sites.values()
            for name in (*site.dsgan, *site.dsn, site.oracle, *([site.paired] if site.paired else []))
        ]
        further = [self.randomised] if self.randomised else []
        return list(
            dict.fromkeys(
                [self.blur, self.zero_filling, *self.specialists, self.combine, *self.without, *further, *of_sites]
            )
        )


def problems(study: Study) -> Iterable[str]:
    """Arms that are no training sets, sites that are no test sets, and a router without images to compare."""
    remedies = study.evaluation.remedies
    if remedies is None:
        return
    yield from unknown("evaluation.remedies", remedies.training_sets(), study.training_sets)
    yield from unknown("evaluation.remedies.sites", remedies.sites, study.test_sets)
    for name in remedies.specialists:
        if name in study.mixtures:
            yield f"evaluation.remedies.specialists: '{name}' is a mixture; name training sets of one degradation"
    for name, site in remedies.sites.items():
        told = study.degradations[name].options.get("displacement") if name in study.degradations else None
        if site.displacement is not None and told is not None and site.displacement != told:
            key = f"evaluation.remedies.sites.{name}.displacement"
            yield f"{key}: {site.displacement:g} is not the displacement of '{name}', which is {told}"
    if study.folds:
        yield "evaluation.remedies: cannot be used with folds; leave folds out"
