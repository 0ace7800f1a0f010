import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from made_up_record import Record

import restock
from restock.errors import ConfigError, DataError, StorageError, TrainingError, UsageError
from restock.language import Text

WRONG = Text("item `B-1` has no sales for 31 days", "商品 `B-1` 有 31 天没有销量")
ADVICE = Text("pass `--fill-gaps zero`", "请加 `--fill-gaps zero`")


@pytest.fixture
def plan(fake):
    def returns(outcome):
        def planning(policy, model):
            if isinstance(outcome, BaseException):
                raise outcome
            sys.stderr.write("talk\n")
            return outcome

        fake("project", open_project=lambda path: SimpleNamespace(plan=planning))

    return returns


def test_json_is_one_object_on_stdout_and_talk_goes_to_stderr(run, plan) -> None:
    plan(Record({"run": "r1", "profit": float("nan"), "reason": WRONG, "report": Path("a/b.html")}))
    said = run("plan", "--json")
    assert said.code == 0
    assert said.out.count("\n") == 1
    assert json.loads(said.out) == {
        "run": "r1",
        "profit": None,
        "reason": {"en": WRONG.en, "zh": WRONG.zh},
        "report": "a/b.html",
    }
    assert said.err == "talk\n"


def test_a_record_may_end_the_command_with_its_own_code(run, plan) -> None:
    plan(Record({"run": "r1"}, exit_code=1))
    assert run("plan").code == 1


@pytest.mark.parametrize(
    ("error", "code"), [(UsageError, 2), (ConfigError, 2), (DataError, 3), (TrainingError, 1), (StorageError, 1)]
)
def test_an_error_is_said_with_its_hint_and_its_code(run, plan, error, code) -> None:
    plan(error(WRONG, hint=ADVICE))
    assert run("plan") == (code, "", f"error: {WRONG.en}\n\nhint: {ADVICE.en}\n")
    assert run("plan", "--lang", "zh") == (code, "", f"错误：{WRONG.zh}\n\n提示：{ADVICE.zh}\n")


def test_an_error_without_a_hint_is_one_line(run, plan) -> None:
    plan(DataError(WRONG))
    assert run("plan").err == f"error: {WRONG.en}\n"


def test_an_error_is_one_object_too(run, plan) -> None:
    plan(DataError(WRONG, hint=ADVICE))
    said = run("plan", "--json", "--lang", "zh")
    error = {"kind": "DataError", "message": WRONG.zh, "hint": ADVICE.zh, "exit_code": 3}
    assert json.loads(said.out) == {"error": error}


@pytest.mark.parametrize(
    "arguments",
    [("trian",), ("plan", "--polcy", "x"), ("explain",), ("train", "--seed", "-1"), ("plan", "--lang", "fr")],
)
def test_wrong_use_is_code_2_with_a_hint(run, arguments) -> None:
    said = run(*arguments)
    assert said.code == 2
    assert said.err.startswith("error: ")
    assert "--help` shows what it takes\n" in said.err
    assert said.out == ""


def test_a_misspelt_command_is_guessed_in_chinese_too(run) -> None:
    said = run("trian", "--lang", "zh", "--json")
    assert "`train`" in json.loads(said.out)["error"]["message"]
    assert said.err.startswith("错误：命令用法错误")


def test_ctrl_c_tells_how_to_continue(run, plan) -> None:
    plan(KeyboardInterrupt())
    assert run("plan", "--project", "my shop") == (
        130,
        "",
        'error: stopped; nothing half-written\n\nhint: continue with `restock plan --project "my shop"`\n',
    )


def test_a_stopped_training_is_continued_and_not_begun_again(run, fake) -> None:
    def training(**given):
        given["progress"].start(Text("train", "训练"), 9)
        raise KeyboardInterrupt

    fake("project", open_project=lambda path: SimpleNamespace(train=training))
    said = run("train", "--seed", "3")
    assert said.code == 130
    assert "continue with `restock train --seed 3 --resume`" in said.err


def test_an_unexpected_error_is_one_line_and_keeps_its_traceback(run, plan, tmp_path) -> None:
    plan(ValueError("first line\nsecond line"))
    said = run("plan")
    assert said.code == 1
    assert said.err.startswith("error: unexpected ValueError: first line\n\nhint: the traceback is in `")
    assert "Traceback" not in said.err
    (kept,) = tmp_path.glob("restock-*.log")
    assert str(kept) in said.err
    text = kept.read_text()
    assert "in planning" in text
    assert restock.__version__ in text


def test_debug_shows_the_traceback(run, plan, tmp_path, monkeypatch) -> None:
    plan(ValueError("no"))
    assert "in planning" in run("plan", "--debug").err
    monkeypatch.setenv("RESTOCK_DEBUG", "1")
    assert "in planning" in run("plan").err
    assert not list(tmp_path.glob("restock-*.log"))


def test_the_version_is_said(run) -> None:
    assert run("--version") == (0, f"{restock.__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["init", "shop"], ["init", "shop", "--json"], ["--version"]])
def test_a_closed_pipe_is_no_error(arguments, tmp_path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "PYTHONPATH": str(Path(restock.__file__).parents[1])}
    ended = subprocess.run(
        [sys.executable, "-m", "restock.cli.main", *arguments],
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_a_terminal_that_knows_no_chinese_is_shown_escapes(tmp_path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(restock.__file__).parents[1]), "PYTHONIOENCODING": "latin-1"}
    ended = subprocess.run(
        [sys.executable, "-m", "restock.cli.main", "init", "shop", "--lang", "zh"],
        capture_output=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert b"\\u" in ended.stdout
