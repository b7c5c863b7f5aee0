"""The requests of jobs and the costs of a study, compared with closed forms, the arrays themselves, and a real run."""

from __future__ import annotations

import copy
import re
import resource
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from mrisr.costs import networks
from mrisr.costs._measure import measure
from mrisr.costs.memo import Memo
from mrisr.costs.resources import Resources
from mrisr.planning.plan import Plan
from mrisr.study.validation import load_study
from mrisr.volumes.header import read_header
from mrisr.volumes.readers import read_volume
from PIL import Image
from project import SUBJECTS, TINY, Project

PERMUTED = np.array([[0, 0, 2.0, 0], [1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
"""Sagittal is stored axis 2, coronal 0, axial 1 from superior to inferior."""


# ---- networks ---------------------------------------------------------------------------------------------------


def test_operations_of_srcnn_are_those_of_its_three_convolutions():
    found = measure({"kind": "srcnn", "options": {}}, 1)
    assert found["parameters"] == 57281
    assert found["flops"] == 2 * (9 * 9 * 64 + 5 * 5 * 64 * 32 + 5 * 5 * 32)
    assert found["largest"] == 4 * 64


def test_a_training_step_keeps_what_the_gradient_needs():
    # Input and output of each of the three convolutions, ReLU keeping what the next convolution reads.
    assert measure({"kind": "srcnn", "options": {}}, 1)["saved"] == pytest.approx(4 * (1 + 64 + 32 + 1), rel=0.01)


def test_a_network_larger_than_this_machine_is_counted_and_not_made(monkeypatch):
    found = measure({"kind": "rrdbnet", "options": {"features": 10**5}}, 1)
    assert found["parameters"] > 10**11
    assert {**found, "parameters": 0} == {**networks.UNKNOWN.model_dump(), "parameters": 0}


def test_networks_are_measured_once_and_a_broken_one_stays_unknown(tmp_path):
    memo = Memo(tmp_path / "costs.json")
    architecture, broken = ({"kind": "srcnn", "options": {"features": features}} for features in ([4, 2], "many"))
    networks.measure([(architecture, 1), (broken, 1)], memo)
    memo.save()
    again = Memo(tmp_path / "costs.json")
    assert networks.network(architecture, 1, again).parameters == 81 * 4 + 4 + 25 * 8 + 2 + 25 * 2 + 1
    assert networks.network(broken, 1, again) == networks.UNKNOWN


# ---- headers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.mgz"])
@pytest.mark.parametrize(("axis", "stored"), [("sagittal", 2), ("axial", 1), ("coronal", 0), (0, 0)])
def test_a_header_tells_what_reading_the_volume_tells(tmp_path, name, axis, stored):
    array = np.arange(5 * 6 * 7, dtype=np.float32).reshape(5, 6, 7)
    if name.endswith((".nrrd", ".mha")):
        image = sitk.GetImageFromArray(array.T)
        directions = np.diag([-1, -1, 1]) @ PERMUTED[:3, :3] / [1, 1, 2]
        image.SetDirection(directions.ravel().tolist())
        image.SetSpacing([1, 1, 2])
        sitk.WriteImage(image, str(tmp_path / name))
    else:
        kind = nibabel.MGHImage if name.endswith("mgz") else nibabel.Nifti1Image
        nibabel.save(kind(array, PERMUTED), tmp_path / name)
    header = read_header(tmp_path / name, None, axis)
    assert header == {"shape": [5, 6, 7], "axis": stored, "reverse": axis == "axial", "known": True}
    assert list(read_volume(tmp_path / name).array.shape) == header["shape"]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_folder_of_pictures_is_counted(tmp_path, suffix):
    for number in range(3):
        sitk.WriteImage(sitk.GetImageFromArray(np.zeros((4, 9), np.uint8)), str(tmp_path / f"{number}{suffix}"))
    assert read_header(tmp_path, None, 2)["shape"] == [4, 9, 3]
    assert read_volume(tmp_path).array.shape == (4, 9, 3)


def test_the_header_of_a_picture_tells_colours_pages_and_turns_as_reading_it_does(tmp_path):
    grey = np.arange(5 * 8, dtype=np.uint8).reshape(5, 8)
    palette = Image.fromarray(grey).convert("P")
    palette.save(tmp_path / "palette.tif")
    Image.fromarray(grey).save(tmp_path / "pages.tif", save_all=True, append_images=[Image.fromarray(grey)] * 2)
    turned = Image.Exif()
    turned[274] = 6
    Image.fromarray(np.tile(grey[..., None], 3)).save(tmp_path / "turned.jpg", exif=turned)
    Image.fromarray(grey).save(tmp_path / "turned.tif", exif=turned)
    sides = {"palette.tif": [5, 8, 1, 3], "pages.tif": [5, 8, 3], "turned.jpg": [8, 5, 1, 3], "turned.tif": [8, 5, 1]}
    for name, shape in sides.items():
        assert list(read_volume(tmp_path / name).array.shape) == shape, name
        assert read_header(tmp_path / name, None, 2) == {"shape": shape, "axis": 2, "reverse": False, "known": True}


def test_an_unreadable_volume_is_estimated_and_not_refused(tmp_path):
    (tmp_path / "a.nii").write_bytes(b"nothing" * 1000)
    guess = {"shape": [22, 22, 22], "axis": 2, "reverse": False, "known": False}
    assert read_header(tmp_path / "a.nii", None, "axial") == guess


STAGES = ("slice", "degrade")


# ---- what rules ask for -----------------------------------------------------------------------------------------


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A function that gives the resources of the tiny study with changed keys."""

    def asked_by(shape=(40, 36, 12), **changes) -> Resources:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        project = Project(folder, copy.deepcopy(TINY) | changes)
        for path in (project.folder / "data").glob("*.nii"):
            image = nibabel.Nifti1Image(np.broadcast_to(np.float32(0), shape), np.eye(4))
            image.header.set_data_dtype(np.int8)
            nibabel.save(image, path)
        monkeypatch.chdir(folder)
        resources = Resources(Plan(load_study("config.yaml")))
        resources.measure_networks()
        return resources

    return asked_by


def test_a_large_volume_asks_for_more_memory_and_time(asked):
    needs = []
    for shape in ((40, 36, 12), (400, 400, 300)):
        resources = asked(shape, slices={"axis": 2, "minimum": 16})
        both = [(resources.memory_mb(s, subject="anna"), resources.minutes(s, subject="anna")) for s in STAGES]
        needs.append(both)
    for small, large in zip(*needs, strict=True):
        assert large[0] > small[0]
        assert large[1] >= small[1]
    voxels = 400 * 400 * 300
    assert needs[1][0][0] > 8 * voxels / 1e6, "the volume and its slices, as float32"


def test_a_larger_network_asks_for_more_memory_on_the_cpu_and_a_gpu_job_for_the_hosts(asked):
    training = TINY["training"] | {"device": "cpu", "patch": None, "batch": 12}
    changes = {"models": [{"architectures": ["net"], "losses": ["mse"]}], "slices": {"axis": 2, "range": "0:11"}}
    names = {"architecture": "net", "scale": 2}
    memory = []
    for features in ([4, 2], [32, 16], [256, 128]):
        architectures = {"net": {"kind": "srcnn", "features": features}}
        resources = asked((400, 400, 12), architectures=architectures, training=training, **changes)
        memory.append(resources.memory_mb("train", **names))
    assert memory == sorted(set(memory))
    assert memory[-1] * 1e6 > 4 * (256 + 128) * 400 * 400 * 12, "what a step keeps has room"
    # A batch of whole slices holds no slice twice.
    more = asked((400, 400, 12), architectures=architectures, training=training | {"batch": 10**9}, **changes)
    assert more.memory_mb("train", **names) == memory[-1]
    on_gpu = asked((400, 400, 12), architectures=architectures, training=training | {"device": "cuda"}, **changes)
    assert on_gpu.memory_mb("train", **names) < memory[-1]


def test_another_attempt_asks_for_half_as_much_memory_again(asked):
    resources = asked((400, 400, 300))
    first, second, third = (resources.memory_mb("check", attempt) for attempt in (1, 2, 3))
    assert (second / first, third / first) == (pytest.approx(1.5, rel=0.1), pytest.approx(2, rel=0.1))


def test_a_training_never_asks_for_more_than_four_hours(asked):
    resources = asked((400, 400, 12), training=TINY["training"] | {"epochs": 10**6, "device": "cpu"})
    assert resources.minutes("train", architecture="srcnn", scale=2) == 240


# ---- mrisr plan -------------------------------------------------------------------------------------------------

TIME_TOLERANCE = 2.0
"""Factor between the forecast and the real run of the same machine, in processor time."""
PLAN_IN_PROCESSOR_TIME = """
import resource, time

def spent():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime

time.perf_counter = spent
from mrisr.cli import main
main()
"""
"""``mrisr plan``, which times by `time.perf_counter`: what else the machine does shall not count."""
DISK_TOLERANCE = 1.3


@pytest.mark.slow
def test_the_forecast_agrees_with_a_real_run_and_knows_what_is_there(tmp_path):
    config = copy.deepcopy(TINY) | {
        "slices": {"axis": 2, "range": "3:8", "minimum": 16},
        "degradations": {"gaussian": {"sigma": 1.0}},
        "architectures": {"srcnn": {"features": [32, 16]}},
        "models": [{"architectures": ["srcnn"], "losses": ["mse"]}],
        "training": TINY["training"] | {"epochs": 4, "steps_per_epoch": 150, "batch": 16, "patch": 32},
    }
    subjects = {name: split for name, split in SUBJECTS.items() if name != "dora"}
    project = Project(tmp_path, config, subjects)
    said = project.call("python", "-c", PLAN_IN_PROCESSOR_TIME, "plan").stdout
    assert not (tmp_path / "results/tiny").exists()
    assert _line(said, "train")[1:4] == ["1", "0", "1"]
    before = _spent_by_children()
    project.snakemake("-c1", "results")
    real = _spent_by_children() - before
    expected = _seconds(re.search(r"to do: (.+) of work", said).group(1))
    assert real / TIME_TOLERANCE < expected < real * TIME_TOLERANCE, said
    made = sum(path.stat().st_size for path in _arrays(tmp_path))
    promised = sum(_bytes(" ".join(_line(said, stage)[-6:-4])) for stage in ("slice", "degrade", "train"))
    assert made / DISK_TOLERANCE < promised < made * DISK_TOLERANCE, said
    again = project.call("mrisr", "plan").stdout
    assert "everything is done; nothing would run" in again
    assert _line(again, "train")[1:4] == ["1", "1", "0"]


def _spent_by_children() -> float:
    """Processor time, s, of all processes that were started and have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _arrays(folder: Path) -> list[Path]:
    return [path for path in (folder / "results").rglob("*.safetensors") if "set-aside" not in path.parts]


def _line(text: str, stage: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.startswith(f"{stage} "))


def _seconds(text: str) -> float:
    units = {"h": 3600, "min": 60, "s": 1}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"(\d+) (h|min|s)\b", text))


def _bytes(text: str) -> float:
    number, unit = text.split()
    return float(number) * {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]
