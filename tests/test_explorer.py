"""The explorer: its numbers and pictures, what it may load, and what it does under real clicks in a browser."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import made_up
import numpy as np
import pandas as pd
import pytest
from browser import DESKTOP, PHONE, chromium, look
from mrisr.arrays import save_slices
from mrisr.errors import InputError
from mrisr.explorer import bundles, page, pictures
from mrisr.explorer.matrix import POINTS, curves
from mrisr.imaging.orientation import orient
from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

LAST = len(made_up.MODELS)
"""The row of the last model. Row 0 is the baseline."""


class Scripts(html.parser.HTMLParser):
    """The scripts of a page, and its policy."""

    def __init__(self, text: str):
        super().__init__()
        self.inside, self.scripts, self.policy = None, [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "script":
            self.inside = attributes
            self.scripts.append([attributes, ""])
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]

    def handle_data(self, data):
        if self.inside is not None:
            self.scripts[-1][1] += data

    def handle_endtag(self, tag):
        self.inside = None if tag == "script" else self.inside


@pytest.fixture(scope="module")
def explorer(tmp_path_factory) -> Path:
    """The explorer of 63 models with made-up scores."""
    shown = made_up.shown()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "pictures", lambda reads, settings: shown)
        return made_up.explore(tmp_path_factory.mktemp("explorer"))


@pytest.fixture(scope="module")
def parsed(explorer) -> Scripts:
    return Scripts(explorer.read_text())


@pytest.fixture(scope="module")
def data(parsed) -> dict:
    (text,) = (text for attributes, text in parsed.scripts if attributes.get("id") == "data")
    return json.loads(text)


# ---- numbers -----------------------------------------------------------------------------------------------------


def test_the_page_of_63_models_has_at_most_10_megabytes(explorer):
    assert explorer.stat().st_size <= 10e6


def test_each_cell_is_the_mean_of_its_scores_and_each_box_their_quartiles(explorer, data):
    scores = pd.read_csv(explorer.parent / "scores.csv", keep_default_na=False)
    row, column = data["models"].index([2, "srdensenet", "l1", "mean"]), data["test_sets"].index("hanning")
    chosen = scores.query(
        "architecture == 'srdensenet' and loss == 'l1' and training_set == 'mean' and test_set == 'hanning'"
    )
    values = chosen.loc[chosen["metric"] == "psnr", "value"].astype(float)
    assert len(values) == made_up.SLICES
    assert data["cells"]["main"]["psnr"][row][column] == pytest.approx(values.mean(), rel=1e-4)
    box = data["boxes"]["main"]["psnr"][row][column]
    assert box == pytest.approx([len(values), *np.percentile(values, [0, 25, 50, 75, 100])], rel=1e-4)
    assert [len(data["models"]), len(data["test_sets"])] == [LAST + 1, 7]


def test_a_curve_is_thinned_and_keeps_its_ends(explorer, tmp_path):
    kept = curves(explorer.parent / "history.csv")
    assert len(kept) == POINTS
    assert [kept[0][0], kept[-1][0]] == [1, made_up.EPOCHS]
    (tmp_path / "short.csv").write_text("epoch,loss,validation_loss,validation_psnr\n1,0.5,,inf\n")
    assert curves(tmp_path / "short.csv") == [[1, 0.5, None, "inf"]]


def test_every_finding_of_the_table_is_in_the_page(explorer, data):
    table = pd.read_csv(explorer.parent / "findings.csv", keep_default_na=False)
    assert sorted(finding["sentence"] for finding in data["findings"]) == sorted(table["sentence"])


# ---- pictures ----------------------------------------------------------------------------------------------------


def test_the_slice_of_the_figures_is_shown_first_and_no_slice_twice():
    assert pictures.shown_slices([5, 1, 3], None, 1) == [3]
    assert pictures.shown_slices(range(10), None, 3) == [5, 1, 8]
    assert pictures.shown_slices(range(10), 8, 3) == [8, 1, 5]
    assert pictures.shown_slices([7], None, 3) == [7]
    with pytest.raises(InputError, match="panel_slice: 4 is no test slice"):
        pictures.shown_slices([1, 2], 4, 1)


def test_pictures_are_without_loss_if_they_fit_and_never_more_than_the_budget(monkeypatch):
    kept, random = pictures.Kept(), np.random.default_rng(0)
    for number in range(4):
        kept.add(str(number), random.random((1, 64, 48)))
    whole = kept.encoded()
    assert (whole["quality"], whole["shrink"]) == (None, 1)
    assert (decoded(whole["files"]["2"]) == kept.arrays["2"]).all()
    monkeypatch.setattr(pictures, "BYTES", 6000)
    reduced = kept.encoded()
    assert (reduced["quality"], reduced["shrink"]) != (None, 1)
    assert sum(len(base64.b64decode(file.partition(",")[2])) for file in reduced["files"].values()) <= 6000
    monkeypatch.setattr(pictures, "BYTES", 100)
    with pytest.raises(InputError, match="4 pictures are too many for one page"):
        kept.encoded()


def test_a_large_picture_is_reduced_and_its_mean_kept():
    kept = pictures.Kept()
    image = np.random.default_rng(0).random((3, 2 * pictures.SIDE, pictures.SIDE))
    kept.add("large", image)
    assert kept.arrays["large"].shape == (pictures.SIDE, pictures.SIDE // 2, 3)
    assert kept.arrays["large"].mean() / 255 == pytest.approx(image.mean(), abs=0.005)


def test_a_baseline_has_pictures_of_what_it_makes_and_of_its_errors(tmp_path):
    random = np.random.default_rng(0)
    sharp, low = ({index: random.random((1, 24, 20), np.float32) for index in (2, 4)} for _ in range(2))
    geometry = {"subject": "anna", "affine": np.eye(4).tolist(), "spacing": [1, 1, 1], "axis": 2}
    for name, slices in {"sharp": sharp, "low": low}.items():
        save_slices(tmp_path / name, slices, geometry)
    pairs = {"references": {"anna": tmp_path / "sharp"}, "degraded": {"box": {"anna": tmp_path / "low"}}, "seed": 0}
    named = [{"scale": 2, "architecture": kind, "loss": "", "training_set": ""} for kind in ("input", "reference")]
    settings = {"models": [], "grid": "same", "subject": "anna", "slice": 4, "slices": 1} | {
        "baselines": [{"names": names, "method": {"kind": names["architecture"], "options": {}}} for names in named]
    }
    found = pictures.pictures({"weights": [], "pairs": {"2": {"box": pairs}}}, settings)
    (entry,) = found["shown"]["2"]["box"]
    (given, difference), (ceiling, nothing) = entry["estimates"][0], entry["estimates"][1]
    assert found["files"][given] == found["files"][entry["low"]]
    assert found["files"][ceiling] == found["files"][entry["high"]]
    error = np.abs(sharp[4] - low[4])[0]
    assert entry["error"] == pytest.approx(np.percentile(error, pictures.BRIGHTEST), rel=1e-2)
    shown = decoded(found["files"][difference]) / 255 * entry["error"]
    turned = orient(np.clip(error, 0, entry["error"]), np.eye(4).tolist(), 2)
    np.testing.assert_allclose(shown, turned, atol=entry["error"] / 255)
    assert not decoded(found["files"][nothing]).any()


def decoded(uri: str) -> np.ndarray:
    """The grey values of a picture without loss."""
    content = base64.b64decode(uri.removeprefix("data:image/webp;base64,"))
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"))


# ---- what the page may run and load ------------------------------------------------------------------------------


def test_the_policy_allows_the_scripts_in_the_page_and_no_request(parsed):
    run = [text for attributes, text in parsed.scripts if attributes.get("id") != "data"]
    assert len(run) == 3
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in run]
    rules = dict(rule.strip().split(" ", 1) for rule in parsed.policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert all("src" not in attributes for attributes, _ in parsed.scripts)


def test_each_library_is_in_the_page_once_with_its_licence(explorer):
    text = explorer.read_text()
    for bundle in bundles.bundles():
        assert text.count(bundle.script) == 1
        assert text.count(f"<code>{bundle.sha256}</code>") == 1
    assert "Dmitry Snisarenko" in text
    assert "University of Washington" in text


def test_a_library_that_is_not_the_pinned_one_is_refused():
    changed = bundles.slider()
    with pytest.raises(InputError, match=r"img-comparison-slider .* not the pinned"):
        replace(changed, script=changed.script + " ")


def test_names_cannot_end_their_element_and_the_host_is_left_out(explorer):
    text = explorer.read_text()
    assert made_up.HOSTILE not in text
    assert "secret-host" not in text


def test_a_record_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InputError, match=re.escape(f"{tmp_path / 'run.json'} cannot be read as a record")):
        page.record(str(tmp_path / "run.json"))


# ---- in a browser ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chrome():
    with chromium() as browser:
        yield browser


@pytest.fixture
def opened(chrome, explorer):
    """The page at desktop size, without a chosen cell."""
    look(chrome, DESKTOP)
    chrome.get("about:blank")
    chrome.get(explorer.as_uri())
    assert chrome.execute_script("return document.documentElement.dataset.ready") == "true"
    chrome.get_log("browser")
    return chrome


def css(browser, selector: str):
    return browser.find_element(By.CSS_SELECTOR, selector)


def text(browser, selector: str) -> str:
    return css(browser, selector).text


def wait(browser, condition):
    return WebDriverWait(browser, 60).until(condition)


def choose(browser, selector: str) -> None:
    """Click on a cell and wait until it is shown."""
    css(browser, selector).click()
    wait(browser, lambda browser: browser.find_elements(By.CSS_SELECTOR, "#heading"))


def heads(browser) -> list[str]:
    """The first line of each row's head: the training sets from top to bottom."""
    return [row.text.split("\n")[0] for row in browser.find_elements(By.CSS_SELECTOR, "#matrix tbody th")]


def test_a_click_on_a_cell_shows_its_pictures_charts_and_record(opened):
    choose(opened, "#cell-3-1")
    assert text(opened, "#heading") == "srcnn / mse: trained on hamming, tested on hanning"
    assert css(opened, "#cell-3-1").get_attribute("aria-current") == "true"
    views = opened.find_elements(By.CSS_SELECTOR, "#views figure")
    assert [view.text.split("\n")[0] for view in views] == ["low resolution", "estimate", "high resolution", "error"]
    for image in opened.find_elements(By.CSS_SELECTOR, "#pictures img"):
        wait(opened, lambda browser, image=image: image.get_property("naturalWidth"))
    for name in ("boxes", "losses", "psnr"):
        wait(opened, lambda browser, name=name: browser.find_elements(By.CSS_SELECTOR, f"#chart-{name} svg"))
    assert "mrisr train --loss" in text(opened, "#cell .command")
    assert "a" * 64 in text(opened, "#cell")
    assert "cpu" in text(opened, "#cell dl")
    assert opened.title != "taken"
    errors = [entry for entry in opened.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []


def test_a_baseline_shows_its_pictures_and_its_evaluation(opened):
    choose(opened, "#cell-0-1")
    assert text(opened, "#heading") == "Baseline input on hanning"
    for image in opened.find_elements(By.CSS_SELECTOR, "#pictures img"):
        wait(opened, lambda browser, image=image: image.get_property("naturalWidth"))
    assert len(opened.find_elements(By.CSS_SELECTOR, "#views figure")) == 4
    wait(opened, lambda browser: browser.find_elements(By.CSS_SELECTOR, "#chart-boxes svg"))
    assert not opened.find_elements(By.CSS_SELECTOR, "#chart-losses")
    assert [h.text for h in opened.find_elements(By.CSS_SELECTOR, "#cell h3")][-1] == "Evaluation"
    assert [entry for entry in opened.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_all_pictures_zoom_together(opened):
    choose(opened, "#cell-3-1")
    before = widths(opened)
    css(opened, "[aria-label='zoom in']").click()
    wait(opened, lambda browser: text(browser, "#zoom") == "1.5 ×")
    assert widths(opened) == pytest.approx([1.5 * width for width in before])
    frame = css(opened, "#views .frame")
    ActionChains(opened).move_to_element(frame).click_and_hold().move_by_offset(-20, -10).release().perform()
    moved = lefts(opened)
    assert moved == pytest.approx([-0.25 * before[0] - 20] * 4, abs=0.5)  # pixels
    css(opened, "#views").send_keys("0")
    wait(opened, lambda browser: text(browser, "#zoom") == "1.0 ×")


def widths(browser) -> list[float]:
    """The widths of the pictures side by side, as they are shown."""
    return browser.execute_script(
        "return [...document.querySelectorAll('#views img')].map(i => i.getBoundingClientRect().width)"
    )


def lefts(browser) -> list[float]:
    """How far right of its frame's left edge each picture begins."""
    return browser.execute_script(
        "return [...document.querySelectorAll('#views img')]"
        ".map(i => i.getBoundingClientRect().left - i.parentElement.getBoundingClientRect().left)"
    )


def test_two_pictures_are_swiped_over_each_other(opened):
    choose(opened, "#cell-3-1")
    slider = css(opened, "#slider")
    wait(opened, lambda browser: "rendered" in slider.get_attribute("class"))
    Select(css(opened, "#swipe-right")).select_by_value("high")
    slider = css(opened, "#slider")
    assert css(opened, "#slider [slot='second'] img").get_attribute("alt").startswith("high resolution")
    wait(opened, lambda browser: "rendered" in slider.get_attribute("class"))
    at = slider.get_property("value")
    ActionChains(opened).move_to_element_with_offset(slider, 100, 0).click().perform()
    assert float(css(opened, "#slider").get_property("value")) > float(at)


def test_the_head_of_a_column_sorts_best_first_then_worst_first_then_as_in_the_study(opened, data):
    study = heads(opened)
    column = [row[0] for row in data["cells"]["main"]["psnr"]]

    def ordered(sign: int) -> list[str]:
        return [study[row] for row in sorted(range(len(column)), key=lambda row: sign * column[row])]

    css(opened, "#sort-0").click()
    assert heads(opened) == ordered(-1)
    assert css(opened, "#matrix thead th:nth-child(2)").get_attribute("aria-sort") == "descending"
    css(opened, "#sort-0").click()
    assert heads(opened) == ordered(1)
    css(opened, "#sort-0").click()
    assert heads(opened) == study
    Select(css(opened, "#choose-metric")).select_by_value("nrmse")
    css(opened, "#sort-0").click()
    assert css(opened, "#matrix thead th:nth-child(2)").get_attribute("aria-sort") == "ascending"


def test_architecture_and_loss_choose_the_rows(opened):
    Select(css(opened, "#choose-architecture")).select_by_value("rrdbnet")
    Select(css(opened, "#choose-loss")).select_by_value("ssim")
    assert heads(opened) == ["(input)", *made_up.SETS]
    assert all("rrdbnet / ssim" in li.text for li in opened.find_elements(By.CSS_SELECTOR, "#sentences > ul li"))


def test_the_keyboard_alone_opens_a_cell(opened):
    css(opened, "#cell-0-0").send_keys(Keys.ARROW_DOWN)
    opened.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert opened.switch_to.active_element.get_attribute("id") == "cell-1-1"
    opened.switch_to.active_element.send_keys(Keys.ENTER)
    wait(opened, lambda browser: browser.find_elements(By.CSS_SELECTOR, "#heading"))
    assert text(opened, "#heading") == "srcnn / mse: trained on gaussian, tested on hanning"


def test_a_finding_leads_to_its_cell(opened, data):
    css(opened, "#sentences details summary").click()
    link = css(opened, "#sentences details li a")
    finding = next(f for f in data["findings"] if not f["summary"] and f["metric"] == "psnr")
    assert finding["sentence"] in link.text
    link.click()
    wait(opened, lambda browser: browser.find_elements(By.CSS_SELECTOR, "#heading"))
    wanted = f"trained on {finding['model']}, tested on {finding['test_set']}"
    assert text(opened, "#heading") == f"{finding['architecture']} / {finding['loss']}: {wanted}"


def test_every_finding_leads_to_a_cell(opened):
    opened.execute_script("document.querySelectorAll('#sentences details').forEach(d => d.open = true)")
    links = [a.get_attribute("href") for a in opened.find_elements(By.CSS_SELECTOR, "#sentences a")]
    assert links
    assert all(re.search(r"#2/\w+/\w+/\w+/\w+/main/psnr$", link) for link in links)


def test_an_address_of_no_cell_shows_the_matrix(opened):
    for address in ("#nothing", "#2/srcnn/mse/hanning/bicubic/main/__proto__", "#%", "#2/x/y/z/bicubic/main/psnr"):
        opened.execute_script("location.hash = arguments[0]", address)
        wait(opened, lambda browser: "No cell is chosen" in text(browser, "#cell"))
        assert len(heads(opened)) == LAST + 1


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_fits_the_device_and_its_text_stands_out(opened, size, dark):
    look(opened, size, dark=dark)
    choose(opened, "#cell-3-1")
    wait(opened, lambda browser: browser.find_elements(By.CSS_SELECTOR, "#chart-boxes svg"))
    assert opened.execute_script("return document.documentElement.scrollWidth") <= size[0]
    for selector in ("body", "#cell", "#matrix tbody th", "#cell .soft", "#sentences a", "#cell-3-1", "#cell-60-2"):
        assert contrast(opened, selector) >= 4.5, selector


def test_no_request_leaves_the_page(opened):
    choose(opened, "#cell-3-1")
    names = opened.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [name for name in names if not name.startswith("data:")] == []
    refused = opened.execute_async_script(
        "fetch('http://127.0.0.1:9/').then(() => arguments[0]('sent'), error => arguments[0](error.name))"
    )
    assert refused == "TypeError"
    assert any("Content Security Policy" in entry["message"] for entry in opened.get_log("browser"))


def contrast(browser, selector: str) -> float:
    """The contrast ratio of WCAG 2 between an element's text and the nearest background."""
    colours = browser.execute_script(
        "let at = document.querySelector(arguments[0]); const text = getComputedStyle(at).color;"
        "while (at && getComputedStyle(at).backgroundColor === 'rgba(0, 0, 0, 0)') at = at.parentElement;"
        "return [text, getComputedStyle(at).backgroundColor]",
        selector,
    )
    low, high = sorted(luminance([int(part) for part in re.findall(r"\d+", colour)[:3]]) for colour in colours)
    return (high + 0.05) / (low + 0.05)


def luminance(channels: list[int]) -> float:
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


# ---- the scripts -------------------------------------------------------------------------------------------------


def test_the_script_of_the_page_reads_no_text_as_html():
    script = (bundles.PAGE / "explorer.js").read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script)
