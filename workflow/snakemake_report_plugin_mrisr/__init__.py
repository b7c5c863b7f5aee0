"""``snakemake --reporter mrisr``: writes the artifact of the study, whose metadata are a Provenance Run Crate.

It does what ``mrisr publish`` does. In addition, Snakemake's own records say when each job began and ended.
"""

from __future__ import annotations

import os
import sys

from mrisr.errors import InputError
from mrisr.publishing.publish import publish
from snakemake_interface_common.exceptions import WorkflowError
from snakemake_interface_report_plugins.reporter import ReporterBase


class Reporter(ReporterBase):
    """Writes ``results/<study>/artifact/<study>.zip``."""

    def render(self) -> None:
        """Write the artifact. It raises `WorkflowError` if results are missing or not current."""
        # Snakemake has no times of a job whose records it has lost: its end is then 0.
        noted = [job for job in self.jobs if job.endtime]
        times = {os.path.normpath(path): (float(j.starttime), float(j.endtime)) for j in noted for path in j.output}
        plan = self.dag.workflow.globals["study"].plan
        try:
            path = publish(plan, times=times)
        except InputError as error:
            raise WorkflowError("\n".join(error.problems)) from error
        sys.stderr.write(f"Artifact: {path}\n")
