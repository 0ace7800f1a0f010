import pytest

from restock.cli.show import SHOWN, cell, show

POLICIES = [
    {"policy": "pathwise", "kind": "learned", "profit": 12345.6, "fill_rate": 0.951, "turnover": 7.123},
    {"policy": "base_stock", "kind": "classical", "profit": 11000.0, "fill_rate": 0.9, "turnover": None},
]


def shown(capsys, record, language="en") -> str:
    show(record, language)
    return capsys.readouterr().out


def against(difference, low, high):
    rival = {"policy": "base_stock", "difference": difference, "low": low, "high": high}
    return {"policies": POLICIES, "chosen": "pathwise", "against_best_classical": rival}


def test_policies_are_a_table_with_the_chosen_one_marked_in_words(capsys) -> None:
    text = shown(capsys, {"policies": POLICIES, "chosen": "pathwise"})
    row = next(line for line in text.splitlines() if "12,346" in line)
    assert "pathwise ← chosen" in row
    assert "95.1%" in row
    assert "7.12" in row
    assert "学习" in shown(capsys, {"policies": POLICIES}, "zh")


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ((1345, 800, 1900), "pathwise earns 1,345 more than base_stock, the best classical policy"),
        ((-1345, -1900, -800), "pathwise earns 1,345 less than base_stock, the best classical policy"),
        ((100, -50, 250), "pathwise and base_stock cannot be told apart: +100"),
        ((100, None, None), "pathwise earns 100 more than base_stock"),
        ((None, None, None), "pathwise was not compared with base_stock"),
    ],
)
def test_the_answer_is_one_honest_sentence(capsys, numbers, sentence) -> None:
    assert sentence in shown(capsys, against(*numbers))


def test_the_answer_is_said_in_chinese(capsys) -> None:
    assert "pathwise 比最好的传统策略 base_stock 多赚 1,345（95% 区间 +800 … +1,900）" in shown(
        capsys, against(1345, 800, 1900), "zh"
    )


def test_a_long_plan_says_what_it_leaves_out(capsys) -> None:
    lines = [{"item": f"A-{i}", "quantity": i, "reason": {"en": "low", "zh": "库存低"}} for i in range(SHOWN + 2)]
    text = shown(capsys, {"lines": lines}, "zh")
    assert "A-39" in text
    assert "A-40" not in text
    assert "另有 2 行" in text
    assert "库存低" in text
    assert "low" not in text


def test_a_plan_shows_what_is_decided_by_in_one_language(capsys) -> None:
    line = {"rank": 1, "item": "A", "profit_with": 3.5, "reason": "stock runs out", "reason_zh": "库存将尽"}
    english, chinese = (shown(capsys, {"lines": [line]}, language) for language in ("en", "zh"))
    assert "stock runs out" in english
    assert "库存将尽" not in english
    assert "库存将尽" in chinese
    assert "stock runs out" not in chinese
    assert "3.5" not in english


def test_the_choice_is_compared_beside_the_learned_policy(capsys) -> None:
    rival = {"policy": "base_stock", "difference": 10, "low": 5, "high": 15}
    text = shown(capsys, {"policies": POLICIES, "chosen": "mix", "chosen_against_best_classical": rival})
    assert "mix earns 10 more than base_stock" in text


def test_what_users_write_is_never_read_as_markup(capsys) -> None:
    assert "[red]x[/]:smile:" in shown(capsys, {"lines": [{"item": "[red]x[/]:smile:"}], "report": "[b]"})


def test_empty_columns_are_left_out(capsys) -> None:
    assert "lane" not in shown(capsys, {"lines": [{"item": "A", "lane": None}, {"item": "B", "lane": ""}]})


def test_dictionaries_and_single_values_are_shown_too(capsys) -> None:
    text = shown(
        capsys,
        {
            "summary": {"ours": {"mean_gap_percent": 0.1234}, "theirs": {"mean_gap_percent": 12.0}},
            "tables": {"sales": 1200, "items": 3},
            "seconds": 1.234,
            "files": ["a.csv", "b.csv"],
            "strange_key": 0.00012,
            "nothing": None,
        },
    )
    for part in ("theirs", "12.00", "0.12", "1,200", "seconds: 1.23", "a.csv, b.csv", "strange key: 0.00012"):
        assert part in text
    assert "nothing" not in text


def test_a_check_names_its_state_in_words(capsys) -> None:
    check = {
        "name": "disk",
        "state": "warn",
        "text": {"en": "little room", "zh": "空间少"},
        "hint": {"en": "", "zh": ""},
    }
    assert shown(capsys, {"checks": [check]}) == "warn  little room\n"
    check["hint"] = {"en": "free some", "zh": "请清理"}
    assert shown(capsys, {"checks": [check]}, "zh") == "注意    空间少\n      请清理\n"


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("profit", 1234567.8, "1,234,568"),
        ("profit", -0.5, "-0.5"),
        ("fill_rate", 1.0, "100.0%"),
        ("gap_percent", 0.05, "0.05"),
        ("quantity", 1200, "1,200"),
        ("promotion", True, "yes"),
        ("seeds", [], "-"),
        ("kind", "learned", "learned"),
        ("kind", "other", "other"),
    ],
)
def test_values_read_as_a_planner_writes_them(key, value, text) -> None:
    assert cell(key, value, "en") == text
