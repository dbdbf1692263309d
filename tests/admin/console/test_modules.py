"""The console's pure modules, by Node's own test runner, and rules for all of its files."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CONSOLE = HERE.parents[2] / "admin" / "console"
OURS = sorted(path for path in CONSOLE.rglob("*.js") if "vendor" not in path.parts)
TESTS = sorted(HERE.glob("*.test.mjs"))
TIMEOUT_SECONDS = 120


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_the_pure_modules_keep_their_promises(path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here")
    done = subprocess.run([node, "--test", str(path)], capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(CONSOLE).as_posix())
def test_no_module_can_turn_text_into_markup_or_code(path: Path) -> None:
    """What the API returns goes into the page as text. The policy of the page would refuse the rest of these."""
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc"
    forbidden += r"|setHTML|\beval\b|new Function|setTimeout\(\s*[\"'`]|javascript:"
    assert re.findall(forbidden, path.read_text()) == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(CONSOLE).as_posix())
def test_no_module_keeps_anything_beyond_the_page(path: Path) -> None:
    assert re.findall(r"localStorage|sessionStorage|indexedDB|document\.cookie|caches\.", path.read_text()) == []


def test_only_one_module_speaks_to_the_network() -> None:
    speaking = [path.relative_to(CONSOLE).as_posix() for path in OURS if re.search(r"\bfetch\(", path.read_text())]
    assert speaking == ["api/client.js"]


def test_the_page_has_no_inline_script_or_style() -> None:
    page = (CONSOLE / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=", page) == []


def test_the_page_loads_every_module_at_once_and_no_other() -> None:
    """Else a browser finds them level by level of their imports, with a round trip each."""
    page = (CONSOLE / "index.html").read_text()
    named = set(re.findall(r'(?:rel="modulepreload" href|src)="([^"]+\.js)"', page))
    assert named == {path.relative_to(CONSOLE).as_posix() for path in [*OURS, CONSOLE / "vendor/uplot/uplot.js"]}


def test_modules_are_of_a_size_to_be_read() -> None:
    assert [path.name for path in OURS if len(path.read_text().splitlines()) > 230] == []
