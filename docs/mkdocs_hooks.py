"""Pages of the site that lie outside of docs/, and links to them and to code.

Links are written for readers of the repository; here those that leave docs/ are put right.
"""

import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
PAGES = {  # path in the repository -> page of the site
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "experiments/README.md": "experiments.md",
}
LINK = re.compile(r"(!?\[[^\]]*\])\(([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files, config):
    """Add the pages of the repository that are not in docs/."""
    for path, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown, page, config, files):
    """Point links at pages of the site; a link to a file of the code becomes its name."""
    sources = {page_of: path for path, page_of in PAGES.items()}
    here = (ROOT / sources.get(page.file.src_uri, f"docs/{page.file.src_uri}")).parent

    def put_right(match: re.Match) -> str:
        text, link, anchor = match[1], match[2], match[3] or ""
        if "://" in link:
            return match[0]
        target = (here / link).resolve()
        path = target.relative_to(ROOT).as_posix()
        if path in PAGES:
            return f"{text}({PAGES[path]}{anchor})"
        if path == "README.md":
            return f"{text}(README.md{anchor})"
        if path.startswith("docs/"):
            return f"{text}({path.removeprefix('docs/')}{anchor})"
        return f"`{path}`"

    return LINK.sub(put_right, markdown)
