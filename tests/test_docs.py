"""What README and docs show must be true: commands, options, settings and Python."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

from restock.cli.main import app
from restock.config import Config
from restock.environments.registered import TASKS
from restock.workflows.project import Project

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def snippets(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def commands(page: Path) -> list[str]:
    """Every `restock ...` line of a code block, comments cut off."""
    blocks = snippets(page, "")
    indented = re.findall(r"^    (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    lines = [line.strip() for block in blocks for line in block.splitlines()] + indented
    found = [
        re.sub(r"^(\.venv/bin/)?restock ", "", line) for line in lines if re.match(r"(\.venv/bin/)?restock \w", line)
    ]
    return [line.split("  #")[0] for line in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_a_page_shows_exists_with_its_options(page: Path) -> None:
    for line in commands(page):
        name, *rest = shlex.split(line)
        assert name in COMMANDS, f"{page.name}: restock {line}"
        known = {option for parameter in COMMANDS[name].params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, f"{page.name}: restock {line}"


def test_the_readme_shows_commands() -> None:
    assert len(commands(ROOT / "README.md")) >= 5
    assert commands(ROOT / "README.md")[1:] != []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_settings_snippet_is_valid(page: Path) -> None:
    for snippet in snippets(page, "toml"):
        Config.model_validate(tomllib.loads(snippet))


def test_the_python_of_the_readme_uses_what_there_is() -> None:
    for page in (ROOT / "README.md", ROOT / "README.zh.md"):
        (snippet,) = snippets(page, "python")
        compile(snippet, page.name, "exec")
        for method in re.findall(r"shop\.(\w+)\(", snippet):
            assert callable(getattr(Project, method))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


SHOWN = [
    (page, code, output)
    for page in PAGES
    for code, output in re.findall(
        r"```python\n(.*?)```\n\nprints\n\n```text\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    )
]


@pytest.mark.parametrize(("page", "code", "output"), SHOWN, ids=lambda part: getattr(part, "stem", ""))
def test_python_prints_what_the_page_says(page: Path, code: str, output: str, capsys) -> None:
    exec(compile(code, page.name, "exec"), {})
    assert capsys.readouterr().out == output


def test_the_page_of_environments_has_every_id() -> None:
    page = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8")
    assert set(re.findall(r"restock/\w+-v0", page)) == set(TASKS)
    assert sum(page.stem == "environments" for page, *_ in SHOWN) == 2
