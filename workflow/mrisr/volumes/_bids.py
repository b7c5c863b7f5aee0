"""BIDS datasets: chooses one image of the folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from mrisr.errors import InputError

DESCRIPTION = "dataset_description.json"
NOT_RAW = ("derivatives", "sourcedata", "code")


def choose_image(root: Path, selection: str | None) -> Path:
    """The NIfTI image that a selection such as ``sub-01/anat/T1w`` names; without one, the only anatomical image.

    An image fits if its folders include the selection's folders, and its name includes the parts of the selection's
    last element (``run-2_T1w``).

    Raises
    ------
    InputError
        No image or several images fit; the message lists the choices.
    """
    images = sorted(_images(root))
    wanted = PurePosixPath(selection or "anat/")
    folders = wanted.parts if selection is None else wanted.parts[:-1]
    pieces = [] if selection is None else wanted.name.split("_")
    fitting = [image for image in images if _fits(image, folders, pieces)]
    if len(fitting) == 1:
        return root / fitting[0]
    what = f"'{selection}'" if selection else "an anatomical image"
    if not fitting:
        raise InputError(f"the BIDS dataset has no image that fits {what}; it has {_list(images)}")
    choices = [f"bids:{image.parent / _stem(image)}" for image in fitting]
    raise InputError(f"the BIDS dataset has {len(fitting)} images that fit {what}; set kind to one of {_list(choices)}")


def _images(root: Path) -> list[PurePosixPath]:
    found = [PurePosixPath(path.relative_to(root)) for path in root.rglob("*.nii*") if path.is_file()]
    return [path for path in found if path.parts[0] not in NOT_RAW and path.name.endswith((".nii", ".nii.gz"))]


def _fits(image: PurePosixPath, folders: Sequence[str], pieces: Sequence[str]) -> bool:
    return set(folders) <= set(image.parts[:-1]) and set(pieces) <= set(_stem(image).split("_"))


def _stem(image: PurePosixPath) -> str:
    return image.name.removesuffix(".gz").removesuffix(".nii")


def _list(items: Sequence[object], most: int = 12) -> str:
    shown = ", ".join(map(str, items[:most])) or "no image at all"
    return shown + (f" and {len(items) - most} more" if len(items) > most else "")
