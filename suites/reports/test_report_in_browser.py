"""The report in a real browser: the verdict is seen, nothing is logged, nothing is asked for outside."""

import html
import json
import re
import shutil
import subprocess

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)

pytestmark = [
    pytest.mark.real_processes,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH to look at the report with"),
]


# Runs in the page, which would not allow it: its policy is taken out of the copy that is probed.
PROBE = """<script>addEventListener("load", () => {
  const verdict = document.querySelector("#verdict"), box = verdict.getBoundingClientRect();
  document.title = JSON.stringify({
    text: verdict.innerText, top: box.top, bottom: box.bottom,
    size: parseFloat(getComputedStyle(verdict.querySelector("strong")).fontSize),
    wide: document.documentElement.scrollWidth,
    broken: [...document.images].filter(image => !image.naturalWidth).length,
    asked: performance.getEntriesByType("resource").map(entry => entry.name).filter(name => !name.startsWith("data:")),
  });
})</script></body>"""
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


@pytest.fixture
def browse(tmp_path):
    """Opens a page without a window; returns its document and what the browser's console says."""

    def open_page(page):
        result = subprocess.run(
            [
                CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                # Names resolve to nothing, so that no request of a page can leave the machine.
                "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0",
                f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1300,1000", "--dump-dom", f"file://{page}",
            ],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return result.stdout, re.findall(r"CONSOLE.*", result.stderr)

    return open_page


def test_the_verdict_is_seen_first_and_nothing_is_asked_for(whole_run, browse, tmp_path):
    """It stands large in the first screen; the console is silent; all pictures show; nothing comes from outside."""
    folder, summary = whole_run
    page = folder / "report.html"
    probed = tmp_path / "probed.html"
    text = POLICY.sub("", page.read_text(encoding="utf-8"))
    probed.write_text(text.replace("</body>", PROBE), encoding="utf-8")

    document, logged = browse(page)
    seen = json.loads(html.unescape(re.search(r"<title>(.*?)</title>", browse(probed)[0])[1]))

    assert summary.verdict in document
    assert logged == []
    assert summary.verdict in seen["text"]
    assert 0 <= seen["top"] < seen["bottom"] < 400
    assert seen["size"] >= 40
    assert seen["wide"] <= 1300
    assert seen["broken"] == 0
    assert seen["asked"] == []
