"""The perceptual-gan study: the paper's networks and training, and what its small version changes."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml
from loss_options import loss_options
from mrisr import plugins
from mrisr.errors import InputError
from mrisr.planning.plan import Plan
from mrisr.running.trial import require_buildable
from mrisr.study.validation import load_study

STUDIES = Path(__file__).parents[1] / "workflow/studies"


def full() -> dict:
    return yaml.safe_load((STUDIES / "perceptual-gan.yaml").read_text()) | {"volumes": "data/photographs.tsv"}


def plan(study: dict, folder: Path) -> Plan:
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    return Plan(load_study(str(folder / "study.yaml")))


def test_the_study_trains_the_papers_networks(tmp_path, monkeypatch):
    """Section IV: Adam with 1e-3 and batches of 16; 1e-4 and no batching. Section III: blur of 2, bicubic."""
    monkeypatch.chdir(STUDIES.parents[1])
    study = full()
    study["losses"]["gan"]["content"] = {"kind": "perceptual"} | loss_options("perceptual")
    found = plan(study, tmp_path)
    jobs = [job for job in found.jobs() if job.stage == "train"]
    assert len(jobs) == 2 * 4 * 3
    trained = {job.wildcards["architecture"]: job.settings for job in jobs if int(job.wildcards["scale"]) == 2}
    budgets = {name: (told["training"]["batch"], told["training"]["learning_rate"]) for name, told in trained.items()}
    assert budgets == {"srresnet": (16, 1e-3), "srgan": (1, 1e-4), "plain": (16, 2e-4), "plain_bn": (16, 2e-4)}
    loss = trained["srgan"]["loss"]["options"]
    assert (loss["content_weight"], loss["weight"]) == (0.006, 1e-3)
    assert loss["content"]["kind"] == "perceptual"
    assert loss["discriminator"]["options"]["side"] == trained["srgan"]["training"]["patch"] == 96
    start = found.job("train", scale=2, architecture="srgan", loss="gan", **REST).reads["initial"]
    assert start.endswith("x2/srresnet/mse/gaussian_bicubic/fold0/seed0/weights.safetensors")
    network = plugins.build_part("models", trained["srresnet"]["architecture"], scale=2, channels=3)
    assert sum(weights.numel() for weights in network.parameters()) == 1_401_749


REST = {"training_set": "gaussian_bicubic", "fold": 0, "seed": 0}


def test_without_the_weights_of_vgg19_the_study_is_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(STUDIES.parents[1])
    found = plan(full(), tmp_path)
    with pytest.raises(InputError) as caught:
        require_buildable(found.study, found.subjects.digests, source="study.yaml", memory=math.inf)
    (line,) = caught.value.problems
    assert line.startswith("study.yaml: losses.gan: data/vgg19-dcbb9e9d.pth: cannot be read")


def test_the_figure_of_epochs_needs_kept_epochs(tmp_path, monkeypatch):
    monkeypatch.chdir(STUDIES.parents[1])
    study = full()
    study["training"]["overrides"]["plain"]["keep_epochs"] = []
    with pytest.raises(InputError) as caught:
        plan(study, tmp_path)
    (line,) = caught.value.problems
    assert "figures.further: 'epochs' has nothing to show of 'plain': its training.keep_epochs is empty" in line


def test_the_small_study_differs_in_data_sizes_and_budget_alone():
    large, small = (yaml.safe_load((STUDIES / f"perceptual-gan{end}.yaml").read_text()) for end in ("", "-small"))
    changed = {key for key in large if large[key] != small[key]}
    assert changed == {"study", "volumes", "slices", "architectures", "losses", "training"}
    assert large["architectures"].keys() == small["architectures"].keys()
    assert large["losses"].keys() == small["losses"].keys()
    changed = {
        key for key in large["training"] | small["training"] if large["training"].get(key) != small["training"].get(key)
    }
    assert changed == {"epochs", "steps_per_epoch", "batch", "patch", "keep_epochs", "overrides"}
