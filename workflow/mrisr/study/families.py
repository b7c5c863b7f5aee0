"""The section ``families``: test sets that differ in one option of one degradation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from mrisr import plugins

from .checks import Study, listed, repeated
from .methods import Method, described, shelf_problems
from .section import Name

Value = int | Annotated[float, Field(allow_inf_nan=False)]


class Family(BaseModel):
    """Test sets of one degradation with other values of one option. Every further key is an option that all have."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    kind: Name = Field(description="the degradation's plug-in")
    option: str = Field(description="the option whose value differs; a number")
    values: list[Value] = Field(min_length=2, description="its values, each a test set named <family>_<value>")

    def members(self, name: str) -> dict[str, Method]:
        """The degradations of the family under its name in the study."""
        shared = self.model_extra or {}
        return {f"{name}_{value:g}": Method(kind=self.kind, **{**shared, self.option: value}) for value in self.values}

    def values_of(self, name: str) -> dict[str, float]:
        """The value of each member, in rising order."""
        return {f"{name}_{value:g}": float(value) for value in sorted(self.values)}


Families = dict[Name, Family]


def all_members(families: Mapping[str, Family]) -> dict[str, Method]:
    """The degradations of all families by their names."""
    return {member: method for name, family in families.items() for member, method in family.members(name).items()}


def homes(study: Study, name: str) -> dict[str, float]:
    """The option's value of each training set that is trained on a degradation of this family.

    Such a training set has the family's plug-in and the same other options.
    """
    family = study.families[name]
    member, method = next(iter(family.members(name).items()))
    kind, options = _without(described("degradations", member, method), family.option)[:2]
    found = {}
    for training_set in study.training_sets:
        trained = described("degradations", training_set, study.degradations[training_set])
        other, rest, value = _without(trained, family.option)
        if (other, rest) == (kind, options) and isinstance(value, int | float) and not isinstance(value, bool):
            found[training_set] = float(value)
    return found


def _without(method: Mapping[str, Any], option: str) -> tuple[str, dict[str, Any], Any]:
    """Kind of a method, its options without one, and that one."""
    options = dict(method["options"])
    value = options.pop(option, None)
    return method["kind"], options, value


def problems(study: Study) -> Iterable[str]:
    """Families of unknown or learned degradations, wrong options, values twice, and names that clash."""
    for name, family in study.families.items():
        where = f"families.{name}"
        yield from repeated(f"{where}.values", family.values)
        if family.kind in plugins.available("degradations"):
            known = plugins.shared_options("degradations") | plugins.describe("degradations", family.kind).options
            if family.option not in known or family.option in plugins.GIVEN_BY_THE_PIPELINE:
                allowed = listed(name for name in known if name not in plugins.GIVEN_BY_THE_PIPELINE)
                yield f"{where}.option: '{family.kind}' has no option '{family.option}' (it has: {allowed})"
                continue
            if any(plugins.constant("degradations", family.kind, fact) for fact in ("IS_MIXTURE", "LEARNED")):
                yield f"{where}.kind: '{family.kind}' is a mixture or learned; a family needs a degradation of its own"
                continue
        for member, method in family.members(name).items():
            yield from (
                problem.replace(member, name, 1)
                for problem in shelf_problems("families", "degradations", {member: method})
            )
            if study.degradations[member] != method:
                yield f"{where}: its member '{member}' is another degradation of the study; choose another name"
