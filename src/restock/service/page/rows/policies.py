"""Trained policies with their cards."""

from typing import Any

from restock.backtest.courses import Learning
from restock.backtest.wording import DEMAND_CLASSES, money_text
from restock.language import Language, Text
from restock.storage.champion import champion, promotions
from restock.storage.models import CARD, list_models, load_model
from restock.workflows.approval.desk import Desk
from restock.workflows.reasons import label_of
from restock.workflows.runs import from_file

IN_USE, KEPT = Text("in use", "使用中"), Text("kept", "保留")


def policy_rows(desk: Desk, currency: str, language: Language) -> list[dict[str, Any]]:
    """Every trained policy, the newest first: what it learned from, and what it earned on the validation periods."""
    with desk.look():
        names, decides = list_models(desk.project.folder)[::-1], champion(desk.project.folder)
    return [_row(desk, name, name == decides, currency, language) for name in names]


def facts_of(desk: Desk, name: str, language: Language) -> list[tuple[str, str]]:
    """The periods that a policy learned from, and who put it in charge."""
    return [*windows_of(desk, name, language), *_promotion(desk, name, language)]


def decides(desk: Desk, name: str) -> bool:
    """It is the one that decides."""
    with desk.look():
        return champion(desk.project.folder) == name


def is_promoted(desk: Desk) -> bool:
    """There is a promotion to take back."""
    with desk.look():
        return bool(promotions(desk.project.folder))


def choices_of(desk: Desk, name: str, language: Language) -> list[tuple[str, str]]:
    """Which policy decides for which kind of items."""
    choice: dict[str, str] = _card(desk, name).get("choice", {})
    other = Text("all others", "其他商品").in_(language)
    shown = {
        (DEMAND_CLASSES[group].in_(language) if group in DEMAND_CLASSES else group or other): label_of(policy)
        for group, policy in choice.items()
    }
    return [(group, label.in_(language)) for group, label in shown.items()]


def windows_of(desk: Desk, name: str, language: Language) -> list[tuple[str, str]]:
    """From when to when it learned, was chosen and was tested."""
    titles = {
        "train": Text("learned from", "学习期"),
        "validation": Text("chosen on", "验证期"),
        "test": Text("tested on", "测试期"),
    }
    return [
        (titles[part].in_(language) if part in titles else part, " – ".join(days))
        for part, days in _card(desk, name).get("windows", {}).items()
    ]


def learning_of(desk: Desk, name: str) -> Learning | None:
    """How training went; none: it was not learned in rounds."""
    from restock.workflows import backtest
    from restock.workflows.training import from_model

    with desk.look():
        trained = from_model(load_model(desk.project.folder, name))
    return backtest.learning_of(trained) if trained.rounds else None


def _promotion(desk: Desk, name: str, language: Language) -> list[tuple[str, str]]:
    """Who made a policy the champion, when and why; empty: nobody did."""
    with desk.look():
        mine = [one for one in promotions(desk.project.folder) if one.model == name]
    if not mine:
        return []
    last = mine[-1]
    said = " · ".join(filter(None, (last.by, last.at[:16].replace("T", " "), last.reason)))
    return [(Text("put in charge", "指定使用").in_(language), said)]


def _row(desk: Desk, name: str, decides: bool, currency: str, language: Language) -> dict[str, Any]:
    card = _card(desk, name)
    best = card.get("best_round") or {}
    return {
        "name": name,
        "state": (IN_USE if decides else KEPT).in_(language),
        "algorithm": card.get("algorithm", ""),
        "snapshot": card.get("snapshot", ""),
        "items": card.get("items"),
        "periods": card.get("periods"),
        "seed": card.get("seed"),
        "earned": money_text(best.get("ensemble"), currency),
        "updates": best.get("updates"),
    }


def _card(desk: Desk, name: str) -> dict[str, Any]:
    path = desk.project.folder.models / name / CARD
    return from_file(path) if path.exists() else {}
