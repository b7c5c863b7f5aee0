"""The regressor of BRISQUE and what it learns from: scikit-learn, closed forms, round trips, error lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.fft
from mrisr.arrays import save_slices
from mrisr.errors import InputError
from mrisr.planning.plan import Plan
from mrisr.quality import distortions, proxy, ratings, regressor
from mrisr.quality.distortions import STRENGTHS, distorted
from mrisr.quality.features import features
from mrisr.quality.stage import evenly, train_brisque
from mrisr.study.validation import load_study
from PIL import Image
from project import TINY, Project
from quality_pictures import REFERENCE, picture
from sklearn.svm import SVR

EVERY = [(name, strength) for name, (_, strengths) in STRENGTHS.items() for strength in strengths]


def random() -> np.random.Generator:
    return np.random.default_rng(0)


def anatomy() -> np.ndarray:
    """A bright disc with texture on a dark background, [96, 96] in [0, 1]."""
    row, column = np.meshgrid(np.arange(96) - 47.5, np.arange(96) - 47.5, indexing="ij")
    inside = np.hypot(row, column) < 38
    return inside * (0.5 + 0.15 * np.cos(row / 3) * np.sin(column / 4) + 0.2 * (np.hypot(row - 8, column) < 9))


# ---- regressor ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """Features on very different scales, one of them constant, and a score that depends on them."""
    points = random().normal(size=(150, 36)) * np.logspace(-4, 2, 36)
    points[:, 7] = 0.25
    return points, 50 + 20 * np.tanh(points[:, 35] / 100) + 5 * np.sin(points[:, 0] / 1e-4)


@pytest.mark.parametrize("options", [{}, {"cost": 10.0, "gamma": 0.01, "epsilon": 1.0}])
def test_predictions_are_those_of_scikit_learn(data, options):
    points, scores = data
    found = regressor.train(*data, **options)
    low, high = points.min(axis=0), points.max(axis=0)
    inside = 2 * (points - low) / np.where(high > low, high - low, 1) - 1
    chosen = {"C": 1024.0, "gamma": 0.05, "epsilon": 0.1}
    chosen |= {{"cost": "C"}.get(name, name): value for name, value in options.items()}
    np.testing.assert_allclose(found.predict(points), SVR(**chosen).fit(inside, scores).predict(inside), atol=1e-10)
    assert found.predict(points[3]) == pytest.approx(found.predict(points)[3], abs=1e-10)


def test_most_of_the_training_scores_are_met_to_epsilon(data):
    assert np.mean(np.abs(regressor.train(*data).predict(data[0]) - data[1]) < 0.11) > 0.9


def test_a_regressor_comes_back_from_its_file_and_equal_ones_are_equal_bytes(data, tmp_path):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    for path in (first, second):
        regressor.train(*data, metadata={"source": "proxy"}).save(path)
    assert first.read_bytes() == second.read_bytes()
    back = regressor.load(first)
    np.testing.assert_array_equal(back.predict(data[0]), regressor.train(*data).predict(data[0]))
    assert back.metadata["source"] == "proxy"


def test_what_teaches_nothing_is_refused(data, tmp_path):
    points, scores = data
    with pytest.raises(InputError, match="150 images with 1 different scores"):
        regressor.train(points, np.ones(150))
    with pytest.raises(InputError, match="finite"):
        regressor.train(points, np.where(scores > 50, np.nan, scores))
    save_slices(tmp_path / "slices.safetensors", {0: np.zeros((1, 20, 20))}, {"subject": "a"})
    with pytest.raises(InputError, match="is no regressor of BRISQUE"):
        regressor.load(tmp_path / "slices.safetensors")


# ---- distortions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "strength"), EVERY)
@pytest.mark.parametrize("shape", [(45, 38), (1, 45, 38), (3, 45, 38)])
def test_a_distorted_image_keeps_its_shape_and_range(name, strength, shape):
    image = random().random(shape)
    found = distorted(image, name, strength, random())
    assert found.shape == shape
    assert found.min() >= 0
    assert found.max() <= 1
    assert not np.allclose(found, image, atol=0.005)


def test_rician_noise_has_the_second_moment_of_its_distribution():
    image, sigma = np.full((300, 300), 0.3), 0.1
    found = distortions.rician_noise(image, sigma, random())
    assert np.mean(found**2) == pytest.approx(0.3**2 + 2 * sigma**2, rel=0.01)
    background = distortions.rician_noise(np.zeros((300, 300)), sigma, random())
    assert background.mean() == pytest.approx(sigma * np.sqrt(np.pi / 2), rel=0.01)


def test_dct_compression_rounds_the_coefficients_of_blocks():
    image, step = picture("waves"), 0.2
    found = distortions.dct_compression(image, step, random())
    for row, column in ((0, 0), (24, 8), (56, 72)):
        block = np.s_[row : row + 8, column : column + 8]
        kept = scipy.fft.dctn(found[block], norm="ortho") / step
        np.testing.assert_allclose(kept, np.round(scipy.fft.dctn(image[block], norm="ortho") / step), atol=1e-9)
    assert np.abs(distortions.dct_compression(image, 1e-6, random()) - image).max() < 1e-5


# ---- proxy --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REFERENCE["piq 0.8.0 gmsd"]["gmsd"])
def test_gmsd_is_that_of_piq(name):
    expected = REFERENCE["piq 0.8.0 gmsd"]["gmsd"][name]
    assert proxy.gmsd(picture(name), picture(name) ** 2) == pytest.approx(expected, rel=1e-9)


def test_the_proxy_score_grows_with_every_distortion():
    images = list(proxy.rated({"a/0001": anatomy()}, seed=0))
    assert len(images) == proxy.IMAGES_OF_A_SLICE == 16
    assert images[0][1] == 0
    for first in range(1, 16, 3):
        scores = [score for _, score in images[first : first + 3]]
        assert 0 < scores[0] < scores[1] < scores[2] < 100


def test_the_proxy_of_a_slice_is_a_function_of_its_name_and_the_seed():
    alone = list(proxy.rated({"a/0001": anatomy()}, seed=3))
    together = list(proxy.rated({"b/0007": picture("noise"), "a/0001": anatomy()}, seed=3))[16:]
    for (image, score), (again, same) in zip(alone, together, strict=True):
        np.testing.assert_array_equal(image, again)
        assert score == same
    for other in (proxy.rated({"a/0001": anatomy()}, seed=4), proxy.rated({"a/0002": anatomy()}, seed=3)):
        noisy = [not np.array_equal(image, another) for (image, _), (another, _) in zip(alone, other, strict=True)]
        assert np.flatnonzero(noisy).tolist() == [7, 8, 9, 10, 11, 12]


def test_a_regressor_of_the_proxy_ranks_the_distortions_of_an_image_that_it_has_not_seen():
    seen = {str(shift): np.roll(anatomy(), shift, axis=0)[:, 2 * shift :] for shift in range(6)}
    rated = list(proxy.rated(seen, seed=0))
    found = regressor.train([features(image) for image, _ in rated], [score for _, score in rated])
    new = list(proxy.rated({"new": anatomy()[::-1, 5:90]}, seed=9))
    predicted = found.predict(np.array([features(image) for image, _ in new]))
    assert np.corrcoef(predicted, [score for _, score in new])[0, 1] > 0.9


# ---- scores of people ---------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path) -> Path:
    """A slice and two pictures with scores."""
    grey = np.round(255 * picture("noise")).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(np.stack([grey, grey // 2, grey], axis=-1)).save(tmp_path / "colour.tif")
    path = tmp_path / "scores.tsv"
    path.write_text("# by three radiologists\nimage\tscore\na/0004\t12.5\ngrey.png\t40\ncolour.tif\t80\n")
    return path


def test_slices_and_pictures_are_read_with_their_scores(table):
    images = list(ratings.rated(table, {"a/0004": anatomy()[None]}))
    assert [score for _, score in images] == [12.5, 40, 80]
    assert [image.shape for image, _ in images] == [(1, 96, 96), (1, 80, 80), (3, 80, 80)]
    np.testing.assert_allclose(images[1][0][0], picture("noise"), atol=0.5 / 255 + 1e-6)
    assert [path.name for path in ratings.pictures(table)] == ["grey.png", "colour.tif"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "first line must be 'image' and 'score'"),
        ("name\tscore\na/0004\t1\n", "first line must be 'image' and 'score'"),
        ("image\tscore\na/0004\tgood\n", "scores.tsv:2: must be an image and a finite number"),
        ("image\tscore\na/0004\tnan\n", "scores.tsv:2: must be"),
        ("image\tscore\na/0004\t1\na/0004\t2\n", "scores.tsv:3: 'a/0004' has a score already"),
        ("image\tscore\na/0005\t1\n", "'a/0005' is no slice of a training subject .did you mean 'a/0004'"),
        ("image\tscore\nmissing.png\t1\n", "missing.png"),
    ],
)
def test_a_bad_table_is_one_clear_line(tmp_path, text, line):
    path = tmp_path / "scores.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=line):
        list(ratings.rated(path, {"a/0004": anatomy()[None]}))


def test_a_picture_of_16_bits_is_refused(tmp_path):
    Image.fromarray(np.full((20, 20), 3000, np.uint16)).save(tmp_path / "deep.png")
    (tmp_path / "scores.tsv").write_text("image\tscore\ndeep.png\t1\n")
    with pytest.raises(InputError, match=r"deep.png: a rated picture has 8 bits"):
        list(ratings.rated(tmp_path / "scores.tsv", {}))


# ---- stage --------------------------------------------------------------------------------------------------------


@pytest.fixture
def slices(tmp_path) -> list[Path]:
    """Slices of two subjects, one of them empty."""
    images = {4: anatomy()[None], 6: np.zeros((1, 40, 40)), 8: anatomy()[None, ::-1, 10:]}
    paths = [tmp_path / f"{subject}.safetensors" for subject in "ab"]
    for path in paths:
        save_slices(path, images, {"subject": path.stem})
    return paths


def test_the_stage_learns_from_the_proxy_and_says_so(slices, tmp_path):
    for name in ("first", "second"):
        train_brisque(slices, tmp_path / name, identity="x")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    metadata = regressor.load(tmp_path / "first").metadata
    assert metadata["source"] == "proxy"
    assert metadata["identity"] == "x"
    # The four slices with structure, 16 images each; the empty ones have some under noise alone.
    assert 4 * 16 <= metadata["images"] < 6 * 16


def test_the_stage_learns_from_people(slices, table, tmp_path):
    train_brisque(slices, tmp_path / "made", identity="x", scores=table)
    found = regressor.load(tmp_path / "made")
    assert (found.metadata["source"], found.metadata["images"]) == ("ratings", 3)
    # Three images and a price of 1024: each is met to epsilon.
    images = [anatomy(), *(image for image, _ in list(ratings.rated(table, {"a/0004": anatomy()}))[1:])]
    assert found.predict(np.array([features(image) for image in images])) == pytest.approx([12.5, 40, 80], abs=0.11)


def test_reference_slices_are_taken_evenly():
    slices = {str(position): np.zeros(1) for position in range(10)}
    assert list(evenly(slices, 5)) == ["1", "3", "5", "7", "9"]
    assert list(evenly(slices, 2)) == ["2", "7"]
    assert list(evenly(slices, 56)) == list(slices)


def test_the_content_of_a_rated_picture_counts_and_a_missing_one_is_told_before_any_job(tmp_path, monkeypatch):
    study = {
        **TINY,
        "evaluation": {"metrics": ["psnr", "brisque"]},
        "brisque": {"scores": "rated/scores.csv"},
    }
    Project(tmp_path, study)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rated").mkdir()
    (tmp_path / "rated/scores.csv").write_text("image\tscore\nbad.png\t80\n")

    def job():
        return Plan(load_study("config.yaml")).job("brisque")

    with pytest.raises(InputError, match=r"brisque\.scores: there is no file rated/bad\.png"):
        job()
    found = []
    for value in (10, 200):
        Image.fromarray(np.full((40, 40), value, np.uint8)).save(tmp_path / "rated/bad.png")
        found.append(job())
    assert found[0].reads["pictures"] == ["rated/bad.png"]
    assert found[0].identity != found[1].identity
    assert found[1].identity == job().identity
