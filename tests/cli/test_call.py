from pathlib import Path

import pytest

from restock.cli.call import read_call


@pytest.mark.parametrize(
    ("arguments", "environment", "settings", "language"),
    [
        ((), {}, None, "en"),
        ((), {"LANG": "zh_CN.UTF-8"}, None, "zh"),
        ((), {"LANG": "de_DE.UTF-8"}, None, "en"),
        ((), {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, None, "en"),
        ((), {"LANG": "zh_CN.UTF-8"}, "en", "en"),
        ((), {}, "zh", "zh"),
        ((), {"RESTOCK_LANG": "en"}, "zh", "en"),
        (("plan", "--lang", "zh"), {"RESTOCK_LANG": "en"}, "en", "zh"),
        (("plan", "--lang=zh"), {}, None, "zh"),
        (("plan", "--lang"), {}, None, "en"),
        (("explain", "--", "--lang", "zh"), {}, None, "en"),
    ],
)
def test_the_first_that_names_a_language_wins(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], settings: str | None, language: str
) -> None:
    if settings:
        (tmp_path / "restock.toml").write_text(f'[shop]\nlanguage = "{settings}"\n')
    assert read_call((f"--project={tmp_path}", *arguments), environment).language == language


@pytest.mark.parametrize("content", ["not TOML [", "shop = 3", "\x00"])
def test_broken_settings_do_not_stop_the_shell(tmp_path: Path, content: str) -> None:
    (tmp_path / "restock.toml").write_text(content)
    assert read_call(("--project", str(tmp_path)), {}).language == "en"


def test_json_and_debug_are_found_anywhere_before_the_double_dash() -> None:
    assert read_call(("plan", "--json"), {}).json
    assert not read_call(("explain", "--", "--json"), {}).json
    assert read_call((), {"RESTOCK_DEBUG": "1"}).debug
    assert not read_call((), {"RESTOCK_DEBUG": "0"}).debug
