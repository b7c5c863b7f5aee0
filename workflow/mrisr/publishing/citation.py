"""How to cite an artifact, and what Zenodo asks when one is deposited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def zenodo(study: str, cff: Mapping[str, Any], identifiers: Mapping[str, str]) -> dict[str, Any]:
    """Metadata for a deposit at Zenodo, in the form of its file ``.zenodo.json``.

    Only what is known stands here. A licence is left out, because only the people who deposit can choose one.

    Parameters
    ----------
    study : str
        Name of the study.
    cff : mapping
        The content of CITATION.cff; empty if there is none.
    identifiers : mapping
        Software Heritage identifiers by what they name.
    """
    described = f"Results of the study '{study}': tables, figures, scores, weights, records and the program's source."
    related = [{"identifier": name, "relation": "isDerivedFrom", "scheme": "swh"} for name in identifiers.values()]
    related += [
        {"identifier": entry["doi"], "relation": "cites", "scheme": "doi"}
        for entry in cff.get("references", ())
        if "doi" in entry
    ]
    known = {
        "title": f"Results of the study '{study}'" + (f" ({cff['title']})" if "title" in cff else ""),
        "upload_type": "dataset",
        "description": described,
        "creators": [{"name": _name(author)} for author in cff.get("authors", ())],
        "keywords": list(cff.get("keywords", ())),
        "related_identifiers": related,
    }
    return {key: value for key, value in known.items() if value}


def _name(author: Mapping[str, Any]) -> str:
    if "name" in author:
        return str(author["name"])
    return f"{author.get('family-names', '')}, {author.get('given-names', '')}".strip(", ")
