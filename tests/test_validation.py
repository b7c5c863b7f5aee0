"""A study file with a mistake: one line that names the file, the key, the value and what is allowed."""

import ast
import copy
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml
from mrisr import plugins
from mrisr.errors import InputError
from mrisr.running import configfiles
from mrisr.study import validation
from mrisr.study.config import Method, StudyConfig
from mrisr.study.methods import option_problems
from mrisr.study.validation import load_study, validate
from pydantic import BaseModel

ROOT = Path(__file__).parents[1]
SHELVES = ("baselines", "degradations", "discriminators", "kernels", "losses", "metrics", "models")
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())


def problems(**changes):
    """The problems of the default study with changed keys; ``a__b`` is the key b in a."""
    config = copy.deepcopy(DEFAULT)
    for key, value in changes.items():
        *path, last = key.split("__")
        section = config
        for name in path:
            section = section.setdefault(name, {})
        section[last] = value
    with pytest.raises(InputError) as caught:
        validate(config, source="my.yaml")
    return caught.value.problems


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trainig": {}}, ["trainig", "did you mean 'training'"]),
        ({"training__schedule": "cosin"}, ["training.schedule", "'cosin'", "did you mean 'cosine'"]),
        ({"training__epochs": "ten"}, ["training.epochs", "'ten'", "integer"]),
        ({"training__epochs": 1.5}, ["training.epochs", "1.5", "integer"]),
        ({"training__batch": True}, ["training.batch", "True", "integer"]),
        ({"training__learning_rate": -1}, ["training.learning_rate", "-1", "greater than 0"]),
        ({"training__overrides": {"srcnn": {"epoch": 3}}}, ["training.overrides.srcnn.epoch", "'epochs'"]),
        ({"training__patch": None, "training__eighth_turns": True}, ["training.eighth_turns", "training.patch"]),
        (
            {"training__overrides": {"srcnn": {"patch": None, "eighth_turns": True}}},
            ["training.overrides.srcnn.eighth_turns", "45 degrees"],
        ),
        ({"training__overrides": {"edsr": {}}}, ["training.overrides", "'edsr'", "srcnn"]),
        ({"architectures__srcn": {}}, ["architectures.srcn", "did you mean 'srcnn'"]),
        ({"architectures__srcnn__featurs": [1]}, ["architectures.srcnn.featurs", "did you mean 'features'"]),
        ({"architectures__srcnn__features": "a"}, ["architectures.srcnn.features", "'a'"]),
        ({"degradations__gaussian__sigma": "wide"}, ["degradations.gaussian.sigma", "'wide'"]),
        ({"degradations__combine__members": ["mean", "nope"]}, ["degradations.combine.members", "'nope'"]),
        ({"degradations__combine__members": ["combine"]}, ["degradations.combine.members", "'combine'"]),
        ({"slices__axis": "axiall"}, ["slices.axis", "did you mean 'axial'"]),
        ({"slices__count": {"trian": 3}}, ["slices.count.trian", "did you mean 'train'"]),
        ({"slices__normalise": {"percentil": 3}}, ["slices.normalise.percentil", "did you mean 'percentile'"]),
        (
            {"slices__normalise": {"low_percentile": 50, "percentile": 50}},
            ["low_percentile", "is 50", "has to be lower"],
        ),
        ({"slices__normalise": {"low_percentile": -1}}, ["slices.normalise.low_percentile", "-1"]),
        ({"slices__limit_gib": 0}, ["slices.limit_gib", "0"]),
        ({"study": "../x"}, ["study", "'../x'"]),
        ({"study": "checkpoints"}, ["study", "'checkpoints'"]),
        ({"training_sets": ["gausian"]}, ["training_sets", "did you mean 'gaussian'"]),
        ({"test_sets": ["bicubic", "mean", "mean"]}, ["test_sets", "'mean'", "twice"]),
        ({"evaluation__baselines": ["bicubic"]}, ["evaluation.baselines", "'bicubic'", "'same'"]),
        ({"seeds": []}, ["seeds"]),
        ({"training_sets": []}, ["training_sets", "at least 1"]),
        ({"architectures__srcnn__features": [True, 2]}, ["architectures.srcnn.features", "[True, 2]"]),
        ({"degradations__combine__members": []}, ["degradations.combine.members", "empty"]),
        ({"degradations__combine__seed": -1}, ["degradations.combine.seed", "-1"]),
        ({"degradations__loss": {"kind": "mean"}}, ["degradations.loss", "label"]),
        ({"evaluation__metrics": {"bias": {"kind": "psnr"}, "hfen": {}}}, ["evaluation.metrics.bias", "label"]),
        ({"figures__box_metric": "hfem"}, ["figures.box_metric", "did you mean 'hfen'"]),
        ({"degradations__combine__members": ["mean", "mean"]}, ["degradations.combine.members", "'mean'", "twice"]),
        ({"protocol": {"grid": "low", "scales": [3]}}, ["protocol.scales", "3", "rrdbnet", "1, 2, 4, 8"]),
        ({"protocol": {"grid": "lo"}}, ["protocol.grid", "did you mean 'low'"]),
        ({"degradations__gaussian__sigma": -1}, ["degradations.gaussian", "sigma", "-1"]),
        ({"degradations__gaussian__sigma": math.nan}, ["degradations.gaussian.sigma", "nan", "finite"]),
        ({"degradations__gaussian__sigma": [1.0, math.inf]}, ["degradations.gaussian.sigma", "inf", "finite"]),
        ({"degradations__mean__size": 4}, ["degradations.mean", "size", "4", "odd"]),
        ({"degradations__combine__seed": 2**70}, ["degradations.combine.seed", str(2**70), "2^63"]),
        ({"training__learning_rate": math.inf}, ["training.learning_rate", "inf", "finite"]),
        ({"training__learning_rate": "1e999"}, ["training.learning_rate", "inf", "finite"]),
        ({"training__overrides": {"srcnn": {"learning_rate": math.nan}}}, ["srcnn.learning_rate", "finite"]),
        ({"slices__empty": {"threshold": math.nan}}, ["slices.empty.threshold", "finite"]),
        ({"seeds": [2**70]}, ["seeds.0", str(2**70), str(2**63)]),
        ({"brisque": {"seed": 2**63}}, ["brisque.seed", str(2**63)]),
        ({"study": "a" * 300}, ["study", "at most 100 characters"]),
        ({"degradations__" + "a" * 101: {"kind": "mean"}}, ["degradations.aaa", "at most 100 characters"]),
        ({"volumes": "data/{y}.tsv"}, ["volumes", "'{'"]),
        ({"volumes": "data/\0.tsv"}, ["volumes", r"'\x00'"]),
        ({"brisque": {"scores": "{y}.csv"}}, ["brisque.scores", "'{'"]),
        ({"evaluation__metrics": {"Tests": {"kind": "psnr"}, "hfen": {}}}, ["evaluation.metrics.Tests", "label"]),
        ({"evaluation__metrics": {"psnr_std": {"kind": "psnr"}, "hfen": {}}}, ["evaluation.metrics.psnr_std"]),
    ],
)
def test_one_mistake_is_one_line_naming_file_key_and_remedy(changes, words):
    lines = problems(**changes)
    assert len(lines) == 1
    assert lines[0].startswith("my.yaml: ")
    assert "\n" not in lines[0]
    assert all(word in lines[0] for word in words), lines[0]


def keys(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Path of every key of a section and of the sections in it."""
    for name, field in model.model_fields.items():
        inner = [t for t in (field.annotation, *get_args(field.annotation)) if isinstance(t, type)]
        for section in inner:
            if issubclass(section, BaseModel):
                yield from keys(section, (*path, name))
        yield (*path, name)


@pytest.mark.parametrize("path", [path for path in keys(StudyConfig) if path[-1] != "kind"], ids=".".join)
def test_no_key_takes_a_number_that_is_none(path):
    # These numbers are positive and have no upper limit but that of their type.
    large = [] if path[-1] in ("learning_rate", "gradient_clipping", "limit_gib") else [2**70, [2**70]]
    for value in (math.nan, math.inf, -math.inf, [math.nan], {"x": math.nan}, -1, [-1], *large):
        assert problems(**{"__".join(path): value})


OPTIONS = [
    (shelf, kind, option)
    for shelf in SHELVES
    for kind in plugins.available(shelf)
    for option in plugins.describe(shelf, kind).options
    if option not in plugins.GIVEN_BY_THE_PIPELINE
]


def test_no_option_of_a_method_takes_a_number_that_is_none():
    assert len(OPTIONS) > 100
    for shelf, kind, option in OPTIONS:
        for value in (math.nan, math.inf, -math.inf, [math.nan], 2**70, [2**70]):
            lines = list(option_problems(shelf, kind, {option: value}))
            assert any(line.startswith(f".{option}: ") for line in lines), (shelf, kind, option, value)


@pytest.mark.parametrize("kind", sorted({kind for shelf, kind, option in OPTIONS if option == "seed"}))
def test_no_method_takes_a_seed_below_zero(kind):
    options = {"kind": kind, "seed": -1, **({"members": ["mean"]} if kind == "combine" else {})}
    study = {"degradations__x": options, "protocol": {"grid": "low", "scales": [2]}}
    assert any(line.startswith("my.yaml: degradations.x") and "seed" in line for line in problems(**study))


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "adam", "betas": [0.9]},
        {"kind": "adam", "betas": [0.9, 1.0]},
        {"kind": "adam", "betas": [math.nan, 0.9]},
        {"kind": "adam", "weight_decay": math.inf},
        {"kind": "sgd", "momentum": [0.9]},
        {"kind": "sgd", "momentum": -0.1},
    ],
    ids=str,
)
def test_an_optimiser_takes_numbers_that_it_can_train_with(options):
    (line,) = problems(training__optimiser=options)
    assert line.startswith(f"my.yaml: training.optimiser.{list(options)[1]}: ")


def test_all_mistakes_are_told_at_once():
    assert len(problems(training_sets=["gausian"], test_sets=["bicubic", "meen"])) == 2


def test_a_patch_must_divide_by_the_scale_on_the_low_grid():
    (line,) = problems(protocol={"grid": "low", "scales": [4]}, training__patch=50)
    assert "training.patch: 50" in line
    assert "52" in line


def test_a_number_may_be_written_as_yaml_reads_it():
    config = copy.deepcopy(DEFAULT)
    config["training"]["learning_rate"] = "1e-4"
    assert validate(config, source="x").training.learning_rate == 1e-4


def test_selections_left_out_mean_everything():
    config = copy.deepcopy(DEFAULT)
    for key in ("training_sets", "test_sets"):
        config.pop(key, None)
    study = validate(config, source="x")
    assert study.training_sets == study.test_sets == list(DEFAULT["degradations"])
    assert study.evaluation.baselines == {"input": Method(), "reference": Method()}


def test_an_override_changes_one_architecture_only():
    config = copy.deepcopy(DEFAULT)
    config["training"]["overrides"] = {"rrdbnet": {"epochs": 3}}
    training = validate(config, source="x").training
    assert training.for_architecture("rrdbnet").epochs == 3
    assert training.for_architecture("srcnn").epochs == DEFAULT["training"]["epochs"]


@pytest.mark.parametrize(
    ("content", "word"), [("a: [1", "YAML"), ("- 1\n- 2\n", "list"), ("", "NoneType"), ("\0", "YAML")]
)
def test_a_file_that_is_no_study_is_said_in_one_line(tmp_path, content, word):
    path = tmp_path / "s.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match=word) as caught:
        load_study(str(path))
    assert len(caught.value.problems) == 1
    assert "\n" not in caught.value.problems[0]


def test_a_study_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_study(str(tmp_path / "none.yaml"))


def odd_files(folder: Path) -> list[str]:
    """Paths that are no study file, and on which a reader could wait for ever."""
    os.mkfifo(folder / "fifo.yaml")
    (folder / "folder.yaml").mkdir()
    (folder / "loop.yaml").symlink_to("loop.yaml")
    return [*(str(folder / f"{name}.yaml") for name in ("fifo", "folder", "loop")), "/dev/zero", "/proc/kmsg"]


def test_what_is_no_file_is_no_study(tmp_path):
    for path in odd_files(tmp_path):
        with pytest.raises(InputError, match="give the path of a study file") as caught:
            load_study(path)
        assert len(caught.value.problems) == 1
        assert caught.value.problems[0].startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (["-n", "--configfile", "a.yaml", "b.yaml", "-c1"], ["a.yaml", "b.yaml"]),
        (["--configfiles=a.yaml", "--config", "seeds=1"], ["a.yaml"]),
        (["--configf", "a.yaml", "--cores", "1"], ["a.yaml"]),
        (["--config", "a=1", "-n"], []),
    ],
)
def test_the_study_files_of_a_command_line_are_found(arguments, files):
    assert configfiles.given(arguments) == files


def test_a_study_that_snakemake_cannot_decode_is_one_line(tmp_path):
    path = tmp_path / "latin.yaml"
    for content, said in [
        ("# \xe9\nstudy: x\n".encode("latin1"), "at byte 2"),
        ("study: x\n".encode("utf-16"), "at byte 0"),
    ]:
        path.write_bytes(content)
        with pytest.raises(SystemExit) as caught:
            configfiles.require_readable_studies(["-n", "--configfile", str(path)])
        (line,) = str(caught.value).splitlines()
        assert line.startswith(f"error: {path}: is not in UTF-8 (")
        assert line.endswith(f"{said}); save it as UTF-8")
    for content in (b"\xef\xbb\xbfstudy: x\r\n", "# \xe9".encode()):
        path.write_bytes(content)
        configfiles.require_readable_studies(["-n", "--configfile", str(path)])
    configfiles.require_readable_studies(["--configfile", str(tmp_path / "missing.yaml")])


@pytest.mark.parametrize("name", ["checkpoints", "Checkpoints", "all-studies", "All-Studies"])
def test_a_study_takes_no_folder_that_all_studies_share(name):
    (line,) = problems(study=name)
    assert line.startswith(f"my.yaml: study: '{name}' is where ")


def test_a_network_and_a_baseline_of_one_name_are_told_before_anything_is_trained():
    """In the order of names it would stand twice, which pandas refuses when the tables are made."""
    (line,) = problems(architectures={"input": {"kind": "srcnn"}}, models=None, training__overrides={})
    assert line == "my.yaml: architectures.input: is the name of a baseline too; choose another label"
    both = {
        "protocol": {"grid": "low"},
        "evaluation": {"baselines": ["bicubic"]},
        "models": None,
        "training__overrides": {},
    }
    (line,) = problems(**both, architectures={"bicubic": {"kind": "edsr"}})
    assert line == "my.yaml: architectures.bicubic: is the name of a baseline too; choose another label"


def test_snakemake_does_not_wait_for_a_fifo(tmp_path):
    fifo, *_ = odd_files(tmp_path)
    command = [sys.executable, "-m", "snakemake", "-n", "--configfile", fifo]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 1
    wanted = f"error: {fifo}: is neither a file nor a folder; give the path of a study file"
    assert done.stderr.splitlines()[-1] == wanted
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "workflow/studies").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_study_file_is_valid(path):
    assert load_study(str(path)).study == path.stem


@pytest.mark.parametrize("path", sorted(Path(validation.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_no_list_is_checked_against_itself(path):
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    calls = [call for call in calls if len(call.args) == 3]
    assert [ast.unparse(call) for call in calls if ast.unparse(call.args[1]) == ast.unparse(call.args[2])] == []


def test_every_check_of_a_section_is_asked():
    files = Path(validation.__file__).parent.glob("*.py")
    checks = {path.stem for path in files if "\ndef problems(study: Study)" in path.read_text()}
    assert checks == {section.__name__.rpartition(".")[2] for section in validation.CHECKED}


def test_a_long_value_is_not_repeated_whole():
    assert len(problems(study="a" * 3000)[0]) < 400


def test_a_study_is_checked_without_torch():
    code = "import sys; from mrisr.study.validation import load_study; "
    code += "load_study('config.yaml'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("__use_yte__: true\nstudy: x\n", "__use_yte__: with this key Snakemake runs Python code"),
        ("study: !!python/object/apply:os.system ['touch ran']\n", "which can run code"),
    ],
)
def test_a_study_that_would_run_code_is_refused_and_runs_nothing(tmp_path, monkeypatch, text, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(InputError, match=said):
        load_study("study.yaml")
    assert not (tmp_path / "ran").exists()
