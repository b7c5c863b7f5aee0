"""The JavaScript libraries of the page, each with its version, licence and checksum."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from mrisr.errors import InputError

PAGE = Path(__file__).parent / "page"
SLIDER = PAGE / "img-comparison-slider-8.0.7"
VEGA_LITE = "6.4"
"""The version of Vega-Lite that Altair writes for."""
BSD = """\
Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
following conditions are met: 1. Redistributions of source code must retain the above copyright notice, this list of
conditions and the following disclaimer. 2. Redistributions in binary form must reproduce the above copyright notice,
this list of conditions and the following disclaimer in the documentation and/or other materials provided with the
distribution. 3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or
promote products derived from this software without specific prior written permission. THIS SOFTWARE IS PROVIDED BY THE
COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE
COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR
BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT
(INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE
POSSIBILITY OF SUCH DAMAGE.
"""


@dataclass(frozen=True)
class Bundle:
    """A library: its ``script``, which has the checksum ``sha256``, and what the page says about it."""

    name: str
    source: str
    licence: str
    notice: str
    sha256: str
    script: str

    def __post_init__(self):
        found = hashlib.sha256(self.script.encode()).hexdigest()
        if found != self.sha256:
            raise InputError(
                f"explorer: {self.name} from {self.source} has the SHA-256 {found}, not the pinned {self.sha256}; "
                "install the pinned packages again (delete .venv), or check the files out again"
            )


def bundles() -> list[Bundle]:
    """Vega with Vega-Lite and Vega-Embed, and img-comparison-slider.

    Raises
    ------
    InputError
        A library is not the pinned one, to the byte.
    """
    return [vega(), slider()]


def vega() -> Bundle:
    """Vega, as the package vl-convert-python contains it."""
    import vl_convert

    return Bundle(
        name="Vega, Vega-Lite, Vega-Embed",
        source="vl-convert-python 1.9.0.post1 (PyPI)",
        licence="BSD-3-Clause",
        notice="Copyright (c) 2015-2025, University of Washington Interactive Data Lab. All rights reserved.\n\n" + BSD,
        sha256="373b1f84072b31010f15ceb787be6b415c53936411aae267c8c2b2b6ccde46e7",
        script=vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE),
    )


def slider() -> Bundle:
    """The element that swipes between two pictures."""
    return Bundle(
        name="img-comparison-slider",
        source="img-comparison-slider 8.0.7 (npm)",
        licence="MIT",
        notice=(SLIDER / "LICENSE").read_text(encoding="utf-8"),
        sha256="6e01335000bbafdd053f851db4e0025dc3e0fadd677deca51548d6fe95b42162",
        script=(SLIDER / "index.js").read_text(encoding="utf-8"),
    )
