import re
import tomllib
from pathlib import Path

import pytest

from restock.config import Config, read_config
from restock.errors import StorageError, UsageError
from restock.workflows.init import TEMPLATES, init, settings_text

DOCS = Path(__file__).parents[2] / "docs" / "architecture.md"


def uncommented(text: str) -> str:
    return re.sub(r"^#(?=\w+ = )", "", text, flags=re.MULTILINE)


def test_settings_as_written_are_all_defaults(tmp_path: Path) -> None:
    init(tmp_path / "shop")
    assert read_config(tmp_path / "shop" / "restock.toml") == Config()


def test_settings_with_the_signs_taken_away_are_the_defaults_too() -> None:
    written = tomllib.loads(uncommented(settings_text()))
    assert Config.model_validate(written) == Config()


def test_every_setting_is_there_with_its_description() -> None:
    text = settings_text()
    written = tomllib.loads(uncommented(text))
    for section, part in Config.model_fields.items():
        for key, setting in part.annotation.model_fields.items():
            if setting.default is None:
                assert key not in written[section]
                assert f"# {key} is not set\n" in text
            else:
                assert key in written[section], f"{section}.{key}"
            assert (setting.description or "") in text


def test_bounds_and_choices_are_said() -> None:
    text = settings_text()
    assert '"lost" | "backlog" | number' in text
    assert "number > 0 and < 1" in text
    assert "whole number >= 1 and <= 64" in text


def test_templates_have_the_columns_of_the_docs() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    documented = {}
    for table, columns in rows:
        without_notes = re.sub(r"\([^()]*\)", "", columns)
        documented[table] = [part.split()[0] for part in without_notes.split(",") if part.split()[0] != "suspect"]
    assert {table: columns.split(",") for table, columns in TEMPLATES.items()} == documented


def test_init_writes_settings_and_templates(tmp_path: Path) -> None:
    result = init(tmp_path / "new" / "shop")
    written = {path.relative_to(tmp_path / "new" / "shop").as_posix() for path in result.written}
    assert written == {"restock.toml", *(f"templates/{name}.csv" for name in TEMPLATES)}
    assert all(path.is_file() for path in result.written)
    assert (tmp_path / "new/shop/templates/stock.csv").read_text() == "item,site,date,on_hand\n"
    assert set(result.to_json()["written"]) == written


def test_a_project_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "restock.toml").write_text("[shop]\nname = 'mine'\n")
    with pytest.raises(UsageError, match="is a project already"):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["restock.toml"]


def test_a_filled_template_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "sales.csv").write_text("item,at\nA,2026-01-01\n")
    with pytest.raises(UsageError, match=r"1 files are in the way: `.*sales\.csv`"):
        init(tmp_path)
    assert not (tmp_path / "restock.toml").exists()
    assert [path.name for path in (tmp_path / "templates").iterdir()] == ["sales.csv"]


def test_a_stopped_init_is_finished_by_the_next(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / "restock.toml").unlink()
    (tmp_path / "templates" / "events.csv").unlink()
    init(tmp_path)
    assert (tmp_path / "restock.toml").exists()
    assert (tmp_path / "templates" / "events.csv").exists()


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        init(tmp_path / "file" / "shop")
