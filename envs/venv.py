#!/usr/bin/env python3
"""Runs a command in the project's own Python environment, which is made the first time.

    python3 envs/venv.py COMMAND ARGUMENTS...

    python3 envs/venv.py snakemake                    the default study
    python3 envs/venv.py snakemake -n                 what it would do
    python3 envs/venv.py pytest                       the tests
    python3 envs/venv.py mrisr --help                 the library's command line
    python3 envs/venv.py bash                         a shell inside the environment

The environment is .venv in the repository, made from the exact pins in envs/ with pip. It is made anew when a pin or
the project's own metadata changes. Standard library only; Python 3.11 or newer.
"""

# No `from __future__ import annotations`: Python 3.6, `python3` on some clusters, has to read this file to refuse.
import difflib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PINS = (ROOT / "envs" / "requirements.txt", ROOT / "envs" / "requirements-test.txt")
STAMP = VENV / "stamp"
LOCK = VENV / "lock"
LOG = VENV / "pip.log"
MINIMUM = (3, 11)

# The caller's variables that would make the environment's Python import or run something else, or ignore asserts.
FOREIGN = {"PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"}
FOREIGN |= {"PYTHONOPTIMIZE", "PYTHONSAFEPATH", "PYTHONINSPECT", "PYTHONSTARTUP"}
# The caller's variables that would make pip install elsewhere. PIP_USER=0 overrules `user = true` in a pip.conf.
ELSEWHERE = {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_DRY_RUN"}
NETWORK = ("connection", "name resolution", "unreachable", "timed out", "proxy", "ssl")
# Beginnings of pip's lines that report progress, not problems.
QUIET = ("Collecting ", "Downloading ", "Using cached ", "Requirement already", "Installing collected", "Looking in")


class Failure(Exception):
    """An error whose message is one sentence for the user."""


def main(arguments: "list[str]") -> int:
    """Make the environment if it is not current, and replace this process by the command. Returns only on failure."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if arguments else 2
    try:
        check_python()
        lock = ensure()
        if lock is not None:
            os.set_inheritable(lock, True)  # the command keeps its share, so no other run replaces .venv meanwhile
        become(arguments)
    except Failure as failure:
        print(f"envs/venv.py: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nenvs/venv.py: stopped; the same command goes on from here (downloads are kept)", file=sys.stderr)
        return 130
    return 1


def check_python() -> None:
    """Refuse Windows, and a Python that is too old. The message names a newer Python if there is one."""
    if sys.version_info < MINIMUM:
        newer = [name for name in (f"python3.{minor}" for minor in range(14, 10, -1)) if shutil.which(name)]
        hint = f"; {newer[0]} is here: {newer[0]} envs/venv.py ..." if newer else ""
        raise Failure(f"Python {'.'.join(map(str, sys.version_info[:3]))} is too old, 3.11 or newer is needed{hint}")
    if os.name != "posix":
        raise Failure("Linux or macOS is needed; on Windows use the Windows Subsystem for Linux")


def ensure() -> "int | None":
    """Make the environment unless it is current. Returns the file that holds this run's share of it, if any."""
    import fcntl

    try:
        VENV.mkdir(exist_ok=True)
        lock = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        if is_current():  # a finished environment that this user may only read
            return None
        raise Failure(f"{VENV} cannot be written ({error.strerror})") from None
    hold(lock, fcntl.LOCK_SH, "another run is making .venv: waiting for it")
    while not is_current():
        hold(lock, fcntl.LOCK_EX, "the pins have changed, but another run still uses .venv: waiting for it to end")
        if not is_current():
            make(lock)
        hold(lock, fcntl.LOCK_SH, "another run is making .venv: waiting for it")
    return lock


def hold(lock: int, kind: int, why_wait: str) -> None:
    """Take the lock, shared or exclusive. If this has to wait, a line says why."""
    import fcntl

    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        say(why_wait)
        fcntl.flock(lock, kind)


def fingerprint() -> str:
    """SHA-256 of everything that determines the environment: pins, project metadata, interpreter and folder."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    metadata = [project.get("build-system"), project.get("project"), project.get("tool", {}).get("setuptools")]
    parts = [metadata, [path.read_text() for path in PINS], str(VENV), os.path.realpath(BIN / "python")]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def is_current() -> bool:
    """Whether .venv is finished, and made from the present pins and metadata."""
    try:
        return (BIN / "python").exists() and STAMP.read_text() == fingerprint()
    except FileNotFoundError:
        return False


def make(lock: int) -> None:
    """Make a new .venv. The stamp is written last, so an unfinished environment is made again."""
    if importlib.util.find_spec("ensurepip") is None:
        raise Failure("this Python comes without its venv and ensurepip modules; on Debian: apt install python3-venv")
    began = time.monotonic()
    say(f"making .venv with Python {sys.version.split()[0]}: once, some minutes with a fast network")
    for old in VENV.iterdir():
        if old != LOCK:
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    # The base Python, even if .venv's own Python runs this file. Without -I, `venv` would mean this file.
    python = getattr(sys, "_base_executable", sys.executable)
    made = subprocess.run([python, "-Im", "venv", str(VENV)], capture_output=True, text=True)
    if made.returncode:
        last = (made.stdout + made.stderr).strip().splitlines()[-1:]
        raise Failure(f"Python's venv module failed ({' '.join(last)}); on Debian: apt install python3-venv")
    pip(lock, "install", *(f"--requirement={path}" for path in PINS))
    pip(lock, "install", "--no-deps", "--no-build-isolation", f"--editable={ROOT}")
    STAMP.write_text(fingerprint())
    say(f"made .venv in {time.monotonic() - began:.0f} s")


def pip(lock: int, *arguments: str) -> None:
    """Run the environment's pip and show its progress. Its output goes to .venv/pip.log. It also holds the lock."""
    environment = {name: value for name, value in child_environment().items() if name not in ELSEWHERE}
    environment.update(PIP_USER="0", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUNBUFFERED="1")
    command = [str(BIN / "python"), "-m", "pip", "--no-color", *arguments, "--progress-bar=off"]
    total = sum(path.read_text().count("==") for path in PINS)
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[lock], **pipes)
    lines, found, step = [], 0, Step()
    try:
        with LOG.open("a") as log:
            for raw in process.stdout:
                line = raw.decode(errors="replace").rstrip()
                log.write(line + "\n")
                lines.append(line)
                found += line.startswith("Collecting ")
                if line.lstrip().startswith(("Collecting ", "Downloading ")):
                    step.show(f"{found} of {max(total, found)} packages found; {line.split(' (from')[0].strip()}")
                elif line.startswith("Installing collected"):
                    step.show("installing, a minute or so", always=True)
        status = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        step.end()
    if status:
        raise Failure(explain(lines))


def explain(lines: "list[str]") -> str:
    """The last lines of a failed pip, and one sentence on what to do."""
    text = "\n".join(line for line in lines if not line.lstrip().startswith(QUIET)).lower()
    if "no space left" in text:
        advice = "the disk is full"
    elif any(word in text for word in NETWORK):
        advice = "is there a network? Behind a firewall set HTTPS_PROXY, or pip's index (pip config), and try again"
    elif "no matching distribution" in text:
        advice = f"pip's index has no such version for Python {sys.version.split()[0]}; try another Python"
    else:
        advice = f"all that pip said is in {LOG}"
    shown = [line[:160] for line in lines if line.strip() and not line.startswith("WARNING: ")][-8:]
    return "\n".join(["pip failed:", *(f"    {line}" for line in shown), f"envs/venv.py: {advice}"])


def child_environment() -> "dict[str, str]":
    """The caller's environment variables, with .venv first on PATH and without `FOREIGN`."""
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    environment["PATH"] = os.pathsep.join([str(BIN), environment.get("PATH", os.defpath)])
    environment["VIRTUAL_ENV"] = str(VENV)
    return environment


def become(arguments: "list[str]") -> None:
    """Replace this process by a command of the environment, in the repository root."""
    environment = child_environment()
    program = shutil.which(arguments[0], path=environment["PATH"])
    if program is None:
        near = difflib.get_close_matches(arguments[0], [path.name for path in BIN.iterdir()], n=1)
        raise Failure(f"there is no command '{arguments[0]}'" + (f"; did you mean '{near[0]}'?" if near else ""))
    os.chdir(ROOT)
    os.execve(program, [arguments[0], *arguments[1:]], environment)


class Step:
    """Shows what pip is doing. On a terminal the line is rewritten in place; elsewhere there is one in ten seconds."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.began = self.last = time.monotonic()

    def show(self, text: str, *, always: bool = False) -> None:
        """Show the step if the last line is old enough, or ``always``."""
        now = time.monotonic()
        text = f"  {now - self.began:3.0f} s  {text}"
        if self.terminal:
            sys.stderr.write(f"\r\033[K{text[: shutil.get_terminal_size().columns - 1]}")
        elif always or now - self.last >= 10:
            self.last = now
            sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Clear the line for further output."""
        if self.terminal:
            print(end="\r\033[K", file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Print one line that begins with this program's name."""
    print(f"envs/venv.py: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
