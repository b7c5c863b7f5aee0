"""Where a study keeps its files: the paths of every stage, with Snakemake's wildcards in braces."""

from __future__ import annotations

from pathlib import Path

CHECKPOINTS = Path("results/checkpoints")
DIGESTS = Path("results/.digests.json")
COSTS = Path("results/.costs.json")
BUILT_IN = "data/volumes/{subject}.nii.gz"
BUILT_IN_RECORD = "data/volumes/{subject}.run.json"
SOURCES = Path("data/sources.yaml")

_IN_FOLD = "/fold"
_MODEL = "x{scale}/{architecture}/{loss}/{training_set}/fold{fold}/seed{seed}"


def in_fold(fold: int | None) -> str:
    """The wildcard ``in_fold``: the folder of a fold in a path, nothing where a job is the same in every fold."""
    return "" if fold is None else f"{_IN_FOLD}{fold}"


def fold_in(folder: str) -> int | None:
    """The fold that a wildcard ``in_fold`` names."""
    return int(folder.removeprefix(_IN_FOLD)) if folder else None


class Layout:
    """Paths of one study as patterns; ``layout.weights.format(scale=2, ...)`` names a file."""

    def __init__(self, results: Path):
        root = results.as_posix()
        self.root = root
        self.built_in = BUILT_IN
        self.built_in_record = BUILT_IN_RECORD
        self.model = _MODEL
        self.study = f"{root}/study.yaml"
        self.volumes = f"{root}/volumes.csv"
        self.volumes_record = f"{root}/volumes.run.json"
        self.slices = f"{root}/slices/{{subject}}.safetensors"
        self.slices_record = f"{root}/slices/{{subject}}.run.json"
        self.degraded = f"{root}/degraded/x{{scale}}/{{degradation}}{{in_fold}}/{{subject}}.safetensors"
        self.degraded_record = f"{root}/degraded/x{{scale}}/{{degradation}}{{in_fold}}/{{subject}}.run.json"
        registered = f"{root}/registered/x{{scale}}/{{degradation}}/{{subject}}"
        self.registered = f"{registered}.safetensors"
        self.registration_picture = f"{registered}.png"
        self.registration_vectors = f"{registered}.svg"
        self.registered_record = f"{registered}.run.json"
        learned = f"{root}/kernels/x{{scale}}/{{method}}/{{degradation}}/seed{{kernel_seed}}"
        self.kernels = f"{learned}/{{subject}}.safetensors"
        self.kernels_table = f"{learned}/{{subject}}.csv"
        self.kernels_record = f"{learned}/{{subject}}.run.json"
        self.network = f"{learned}/network{{in_fold}}/weights.safetensors"
        self.network_history = f"{learned}/network{{in_fold}}/history.csv"
        self.network_record = f"{learned}/network{{in_fold}}/run.json"
        self.regressor = f"{root}/brisque{{in_fold}}/regressor.safetensors"
        self.regressor_record = f"{root}/brisque{{in_fold}}/run.json"
        self.weights = f"{root}/models/{_MODEL}/weights.safetensors"
        self.history = f"{root}/models/{_MODEL}/history.csv"
        self.model_record = f"{root}/models/{_MODEL}/run.json"
        self.model_scores = f"{root}/scores/{_MODEL}/scores.csv"
        self.model_scores_record = f"{root}/scores/{_MODEL}/run.json"
        self.baseline_scores = f"{root}/baselines/x{{scale}}/{{baseline}}{{in_fold}}/scores.csv"
        self.baseline_scores_record = f"{root}/baselines/x{{scale}}/{{baseline}}{{in_fold}}/run.json"
        self.scores = f"{root}/scores.csv"
        self.tables = f"{root}/tables"
        self.tables_record = f"{root}/tables/run.json"
        self.figures = f"{root}/figures"
        self.figure_record = f"{root}/figures/x{{scale}}/{{figure}}.run.json"
        self.report = f"{root}/report.html"
        self.report_record = f"{root}/report.run.json"
        self.logs = f"{root}/logs"
        self.timings = f"{root}/timings"
        self.aside = f"{root}/set-aside"
