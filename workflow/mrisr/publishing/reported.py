"""Compares a report with the files of its artifact: the tables and pictures that it shows, its captions and its text.

Snakemake writes the report, with times and lists of its own that nothing else in an artifact tells.
"""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mrisr.artifact import report, scaling
from mrisr.errors import InputError
from mrisr.study.validation import parsed

from .contained import Artifact, DescribedJob, leaves

VARIABLE = r'<script id="{id}">\s*var {name} = '
CAPTIONS = Path(__file__).parents[2] / "report"
DESCRIPTION = "workflow.rst"
UNCOMPARED = "its graph, run times, lists of rules and packages, and scripts"
WILDCARD = re.compile(r"(\w+)=([\w.-]+)")


def compared(artifact: Artifact, note: Callable[[str], None]) -> Iterator[str]:
    """The report shows the tables and pictures that the artifact contains."""
    for job in artifact.jobs:
        path = job.writes.get("report")
        if job.action == report.__name__ and path in artifact.names:
            yield from _compared(artifact, job, path, note)


def _compared(artifact: Artifact, job: DescribedJob, path: str, note: Callable[[str], None]) -> Iterator[str]:
    try:
        text = (artifact.folder / path).read_text(encoding="utf-8")
        shown, described = _variable(text, "results", "results"), _variable(text, "workflow-desc", "workflow_desc")
        problems = [*_files(artifact, shown), *_left_out(job, shown)]
        if has_own := _is_own(artifact):
            problems += _texts(artifact, shown, described)
    except InputError as error:
        yield from error.problems
        return
    except Exception as error:  # of a page of another form
        yield f"{path}: is no report of Snakemake ({type(error).__name__})"
        return
    yield from (f"{path}: {problem}" for problem in problems)
    what = "tables, pictures, captions and description" if has_own else "tables and pictures"
    note(f"compared: {path}: {len(shown)} {what}; only its checksum covers {UNCOMPARED}")


def _variable(text: str, name: str, variable: str) -> Any:
    place = re.search(VARIABLE.format(id=name, name=variable), text)
    if place is None:
        raise ValueError(f"it has no {variable}")
    return json.JSONDecoder().raw_decode(text, place.end())[0]


def _files(artifact: Artifact, shown: Mapping[str, Any]) -> Iterator[str]:
    """Every table and picture is the file of that name, a picture perhaps smaller."""
    withheld = {path for job in artifact.jobs for role, path in job.writes.items() if role not in job.published}
    widths = set()
    for name, entry in sorted(shown.items()):
        if name not in artifact.names:
            if name not in withheld:
                yield f"shows {ascii(name)[1:-1]}, which no job of the study makes"
            continue
        data = str(entry.get("data_uri")).partition(";base64,")[2]
        content = base64.b64encode((artifact.folder / name).read_bytes()).decode()
        if data == content:
            continue
        width = next((w for w in scaling.WIDTHS if name.endswith(".png") and scaling.reduced(content, w) == data), None)
        if width is None:
            yield f"shows another {name} than the artifact contains"
        else:
            widths.add(width)
    if len(widths) > 1:
        yield f"its pictures have several widths ({', '.join(map(str, sorted(widths)))})"


def _left_out(job: DescribedJob, shown: Mapping[str, Any]) -> Iterator[str]:
    """Every table and picture of the study is there."""
    for name in sorted(set(leaves(job.reads)) - shown.keys()):
        if name.endswith((".csv", ".png")) and re.search("/(tables|figures)/", name):
            yield f"does not show {ascii(name)[1:-1]}"


def _texts(artifact: Artifact, shown: Mapping[str, Any], described: str) -> Iterator[str]:
    """Every caption, and the text in front, is what its template gives."""
    told = parsed((artifact.folder / "study.yaml").read_text(encoding="utf-8"), source="study.yaml")
    if described != _rendered(DESCRIPTION, "html_body", config=told):
        yield f"its description is not what {CAPTIONS.name}/{DESCRIPTION} gives"
    templates = [path.name for path in CAPTIONS.glob("*.rst") if path.name != DESCRIPTION]
    for name, entry in sorted(shown.items()):
        wildcards = dict(WILDCARD.findall(str(entry["job_properties"]["wildcards"])))
        if entry["caption"] not in (_rendered(template, "body", wildcards=wildcards) for template in templates):
            yield f"the caption of {ascii(name)[1:-1]} is none of {CAPTIONS.name}/"


@functools.lru_cache(maxsize=1000)
def _of_template(template: str, part: str, values: str) -> str:
    # Imported here, because nothing else needs them.
    from docutils.core import publish_parts
    from jinja2 import Environment

    source = Environment(trim_blocks=True, lstrip_blocks=True).from_string(
        (CAPTIONS / template).read_text(encoding="utf-8")
    )
    settings = {"file_insertion_enabled": False, "raw_enabled": False, "report_level": 5}
    text = source.render(snakemake=json.loads(values))
    return publish_parts(text, writer="html", settings_overrides=settings)[part]


def _rendered(template: str, part: str, **values: Any) -> str:
    """What Snakemake makes of one of this program's own templates. Nothing of the artifact is a template."""
    return _of_template(template, part, json.dumps(values))


def _is_own(artifact: Artifact) -> bool:
    """Whether the templates of the artifact are those of this program."""
    folder = artifact.folder / "source/workflow/report"
    own, found = ({path.name: path.read_bytes() for path in where.glob("*.rst")} for where in (CAPTIONS, folder))
    return own == found
