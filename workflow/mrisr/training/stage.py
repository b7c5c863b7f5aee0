"""The stage `train`: reads pairs from disk and writes weights and history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mrisr import arrays
from mrisr.arrays import Cache
from mrisr.files import write_text
from mrisr.identity import contents
from mrisr.memory import KEPT_SLICES
from mrisr.meter import ProgressMeter
from mrisr.pairs import read_pairs

from .train import train
from .weights import save_weights


def run(
    reads: Mapping[str, Mapping[str, Any]],
    writes: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    checkpoint_every: int,
    device: str,
    names: Mapping[str, Any],
    identity: str,
    checkpoints: Path,
    deadline: float | None = None,
    progress: Callable[[int, int], ProgressMeter] | None = None,
) -> dict[str, str]:
    """Train the model of a job and write ``weights`` and ``history``. Returns the device, for the job's record.

    Parameters
    ----------
    reads : {"train", "validation", "files", "initial"}
        ``train`` and ``validation`` are arguments of `mrisr.pairs.read_pairs`. ``files`` has paths by the digest of
        their content. ``initial`` is the file of weights from which training starts.
    settings : mapping
        ``architecture``, ``loss``, ``scale`` of the network, ``training``, ``seed``. An option that is a file holds the
        digest of its content, see `mrisr.identity.contents`.
    checkpoint_every, device : int, str
        Options of the section ``training`` that change no result.
    names : mapping
        The model's names in the study, kept in the metadata of the weights.
    identity, checkpoints, deadline, progress
        As in `mrisr.training.train.train`.
    """
    cache = Cache(KEPT_SLICES)
    pairs, validation = (read_pairs(**reads[split], cache=cache) for split in ("train", "validation"))
    given = contents.with_paths(settings, reads.get("files", {}))
    trained = train(
        architecture=given["architecture"],
        loss=given["loss"],
        scale=settings["scale"],
        pairs=pairs,
        validation=validation,
        training={**settings["training"], "checkpoint_every": checkpoint_every, "device": device},
        seed=settings["seed"],
        initial=Path(reads["initial"]) if "initial" in reads else None,
        checkpoints=checkpoints,
        identity=identity,
        deadline=deadline,
        progress=progress,
    )
    metadata = {
        "architecture": settings["architecture"],
        "loss": settings["loss"],
        "scale": settings["scale"],
        "channels": pairs[0].reference.shape[0],
        "names": dict(names),
        "identity": identity,
    }
    write_text(writes["history"], trained.history.to_csv(index=False, float_format="%.9g", lineterminator="\n"))
    save_weights(writes["weights"], trained.state, metadata)
    if "epochs" in writes:
        arrays.save(writes["epochs"], trained.kept, metadata)
    return {"device": trained.device}
