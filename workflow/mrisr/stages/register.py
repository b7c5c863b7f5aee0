"""Denoise real low-resolution scans and register them to their high-resolution scans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mrisr import plugins
from mrisr.errors import InputError
from mrisr.planning.job import Job
from mrisr.planning.methods import described
from mrisr.volumes.row import ROLES

from .slice import as_cut, readers, row_settings, slice_settings
from .stage import Asks, Stage, Takes

READING = ("normalise", "multiple", "volume_4d", "complex", "nonfinite")
"""Keys of the section ``slices`` that apply to a scan."""
MEGABYTES, BYTES = 100, 30
"""Memory of SimpleITK and the control points, and bytes per voxel of the high-resolution scan during registration."""
SLOWER = 3
"""Ratio of requested to measured time. It is large, because no other job can continue a registration."""
SECONDS, RATE = 20, 1.5e5
"""Constant part of a registration's time, and voxels of the high-resolution scan per second for the rest (measured with
20 iterations and 20 mm: 28 s for 128 x 128 x 64 voxels of 1 mm, 52 s for 256 x 256 x 96, 93 s for 256 x 256 x 180)."""


class Register(Stage):
    """One job registers the scan of one subject. It writes slices, and a picture for checking them by eye."""

    NAME, RULE, VERB = "register", "register_scan", "register"
    ACTION = "mrisr.registration.stage"
    KEY = "x{scale}/{degradation}/{subject}"
    FILES = {
        "slices": f"registered/{KEY}.safetensors",
        "picture": f"registered/{KEY}.png",
        "vectors": f"registered/{KEY}.svg",
    }
    RECORD = f"registered/{KEY}.run.json"
    INFLUENCE = ("subject", "degradation")
    DISTRIBUTIONS = ("simpleitk",)
    NOMINAL_SECONDS = 60.0

    def job(self, scale: int, degradation: str, subject: str) -> Job:
        """The job of a subject's ``lr_path``. A subject without one has the job too, see `problems`."""
        if degradation not in self.study.scanned:
            raise InputError(f"register: the degradation '{degradation}' is no scan; its kind would have to be scanned")
        names = {"scale": scale, "degradation": degradation, "subject": subject}
        sliced = self.jobs.job("slice", subject=subject)
        volume, files = as_cut(self.study, self.subjects.volume(subject)), self.subjects.files(subject, *ROLES)
        settings = slice_settings(self.study)
        return self.make(
            names,
            settings={
                "scale": int(scale),
                "lr_kind": row_settings(self.study, volume, "lr_path")["lr_kind"],
                "slices": {name: settings[name] for name in READING},
                "options": self._options(degradation),
            },
            reads={"volumes": list(dict.fromkeys(path for path, _ in files)), "slices": sliced.writes["slices"]},
            needs={"slices": sliced.identity, "content": [content for _, content in files]},
            # The picture's code is not part of the identity. A change of its look must not make learned results stale.
            context={
                "volume": volume,
                "limit_gib": self.study.slices.limit_gib,
                "picture": "mrisr.figures._registration",
            },
            distributions=sorted({*self.DISTRIBUTIONS, *readers(volume, "lr_path")}),
        )

    def _options(self, degradation: str) -> dict[str, Any]:
        """Options of the registration. A shift is applied later, by the stage `degrade`."""
        options = described("degradations", degradation, self.study.degradations[degradation])["options"]
        later = {"file", *plugins.shared_options("degradations")}
        return {name: value for name, value in options.items() if name not in later}

    def problems(self, job: Job) -> Iterable[str]:
        """A line if the subject has no low-resolution scan."""
        subject, degradation = job.wildcards["subject"], job.wildcards["degradation"]
        if self.subjects.volume(subject).lr_path is None:
            yield (
                f"{self.study.volumes}: subject '{subject}': lr_path: is empty, and the degradation '{degradation}' is "
                "the subject's low-resolution scan; name the scan in this column"
            )

    def published(self, job: Job) -> dict[str, str]:
        """Nothing: registered slices are a volume, and the pictures show them."""
        return {}

    def asks(self, costs, subject: str, degradation: str) -> Asks:
        """Memory for both scans; time of a registration on a slow core."""
        voxels = costs.geometries.of(subject).voxels
        seconds = SLOWER * _seconds(voxels, self._options(degradation))
        return Asks(costs.BASE_MB + MEGABYTES + voxels * BYTES / costs.MB, seconds / 60)

    def takes(self, costs, job: Job) -> Takes:
        """Time of the registration; disk space of slices on the low grid and of two pictures."""
        geometry = costs.geometries.of(job.wildcards["subject"])
        pictures = 2 * costs.BYTES_A_PICTURE
        seconds = _seconds(geometry.voxels, job.settings["options"])
        return Takes(seconds, geometry.bytes / job.settings["scale"] ** 2 + pictures)


def _seconds(voxels: int, options: Mapping[str, Any]) -> float:
    """Time to register a scan to one with this number of voxels."""
    # With half the distance of the control points, the measured time was twice as long.
    slower = options["iterations"] / 20 * max(1.0, 20 / options["control_spacing"])
    return (SECONDS + voxels / RATE) * slower
