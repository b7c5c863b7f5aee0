"""A compact display of a running Snakemake workflow: ``snakemake --logger mrisr`` (profiles/default sets it).

While jobs run, Snakemake's own messages about jobs become one line each, with the number done and the time left.
Everything else is Snakemake's own output, unchanged: dry runs, reports, listings, warnings, errors, ``--verbose`` and
``--quiet``. The full log in .snakemake/log is untouched.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from dataclasses import dataclass, field

from snakemake.logging import ColorizingTextHandler, get_event
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

from .display import Display, short
from .estimate import Job

# Messages without an event that are of no use to a person while jobs run.
NOISE = ("Select jobs to execute...", "Using shell:", "Assuming unrestricted shared filesystem", "Elapsed time:")
# Events that need no line of their own, because the lines of this display cover them.
COVERED = {LogEvent.WORKFLOW_STARTED, LogEvent.JOB_STARTED, LogEvent.GROUP_INFO, LogEvent.PROGRESS}
STOPPING = "Terminating processes on user request"


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Settings on the command line: ``--logger-mrisr-interval``."""

    interval: int | None = field(
        default=15,
        metadata={
            "help": "Seconds between two lines on what runs, where the output is not a terminal",
            "env_var": False,
            "required": False,
            "type": int,
        },
    )


class LogHandler(LogHandlerBase):
    """Receives Snakemake's log records in one thread. A second thread repeats the state of the run."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = False
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Set up Snakemake's own handler for all that is not shown in this display's form."""
        settings = self.common_settings
        stream = sys.stdout if settings.stdout else sys.stderr
        self.plain = ColorizingTextHandler(nocolor=settings.nocolor, stream=stream)
        self.is_compact = not (settings.dryrun or settings.quiet or settings.verbose or settings.debug_dag)
        terminal = self.plain.can_color_tty()
        interval = self.settings.interval if self.settings else 15
        self.display = Display(stream, terminal=terminal, color=not self.plain.nocolor, interval=interval)
        self.slots, self.is_cluster = 1, False
        self.turn = threading.RLock()
        self.ended = threading.Event()
        self.clock: threading.Thread | None = None

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        """Set the formatter, which Snakemake gives; its own handler uses it."""
        super().setFormatter(fmt)
        self.plain.setFormatter(fmt)

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record. An error in this display must not hide the record: Snakemake's own handler then shows it."""
        with self.turn:
            try:
                shown = self.is_compact and self._show(record)
            except Exception:
                self.is_compact = shown = False
                self.handleError(record)
            if not shown:
                self.display.clear()
                self.plain.emit(record)

    def close(self) -> None:
        """Show the last line and stop the second thread."""
        self.ended.set()
        if self.clock is not None:
            self.clock.join()
        with self.turn:
            if self.is_compact:
                self.display.end_run()
                self.is_compact = False
        super().close()

    def _show(self, record: logging.LogRecord) -> bool:
        """Show a record in this display's form; False leaves it to Snakemake's own handler."""
        event, data = get_event(record), record.__dict__
        if event is None:
            self.display.is_stopping |= str(record.msg).startswith(STOPPING)
            return record.levelno == logging.INFO and str(record.msg).startswith(NOISE)
        if event == LogEvent.RESOURCES_INFO:
            self.is_cluster = self.is_cluster or "nodes" in data
            self.slots = data.get("nodes") or data.get("cores") or self.slots
        elif event == LogEvent.RUN_INFO:
            self.display.start_run(data["stats"], self.slots, cluster=self.is_cluster)
            self.clock = threading.Thread(target=self._tick, daemon=True)
            self.clock.start()
        elif event == LogEvent.JOB_INFO:
            self.display.start_job(data["jobid"], _job(data))
        elif event == LogEvent.JOB_FINISHED:
            self.display.finish_job(data["job_id"])
        elif event == LogEvent.JOB_ERROR:
            self.display.fail_job(data["jobid"], data["rule_name"], data)
        elif event == LogEvent.ERROR:
            return self._error(str(record.msg))
        else:
            return event in COVERED
        return True

    def _error(self, text: str) -> bool:
        """Keep the way a job's command ended. The job's own message shows it, and everything else in this record."""
        if text.startswith("RuleException:\nCalledProcessError in file"):
            self.display.endings.append(text)
            return True
        without_output = re.search(r"^Job (\d+)\s+completed successfully, but", text, re.MULTILINE)
        if without_output:
            self.display.spoil_job(int(without_output.group(1)))
        return False

    def _tick(self) -> None:
        while not self.ended.wait(1.0):
            with self.turn:
                if self.is_compact:
                    self.display.tick()


def _job(data: dict) -> Job:
    label = " ".join(filter(None, [data["rule_name"], short(data["wildcards"])]))
    is_target = not data["output"] and not data.get("shellcmd")
    return Job(data["rule_name"], label, data["threads"], list(data["log"]), is_target)
