"""Prove a trained model in money on periods that nothing was learned from or chosen on."""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restock import __version__
from restock.backtest import content as page
from restock.backtest.catalogue import Catalogue
from restock.backtest.compare import Difference, Standing, difference, standings
from restock.backtest.courses import Learning
from restock.backtest.gallery import Scene, gallery
from restock.backtest.recollection import recollect
from restock.backtest.replay import Replay, Window, mix, replay
from restock.backtest.report import write_report
from restock.errors import UsageError
from restock.intake.assumptions import Assumption
from restock.language import Text
from restock.policies.foresight import with_foresight
from restock.policies.informed import Informed
from restock.progress import Progress, Silent
from restock.storage.models import list_models, load_model
from restock.workflows.described import descriptions, repaired, settings_of
from restock.workflows.project import Project
from restock.workflows.runs import new_run
from restock.workflows.situation import Situation, day, understand
from restock.workflows.training import CHOSEN, FORESIGHT, LEARNED, PRETRAINED, Trained, from_model


@dataclass(frozen=True)
class BacktestResult:
    """How policies did on the test periods."""

    run: str
    model: str
    standings: tuple[Standing, ...]
    best_classical: str  # that earned most on the test periods: the hardest rival, known only afterwards
    learned: Difference  # the learned policy against it
    chosen: Difference  # what the shop will use (per class of items) against it
    choice: dict[str, str]
    assumptions: tuple[Assumption, ...]
    report: Path
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        rows = [
            {
                "policy": row.kpis.policy,
                "kind": row.kpis.kind,
                "profit": row.kpis.profit,
                "fill_rate": row.kpis.fill_rate,
                "in_stock_rate": row.kpis.in_stock_rate,
                "turnover": row.kpis.turnover,
                "stock_value": row.kpis.stock_value,
                "lost_units": row.kpis.lost_units,
                "days_of_cover": row.kpis.days_of_cover,
                "orders_placed": row.kpis.orders_placed,
                "bullwhip": row.kpis.bullwhip,
                "share_of_oracle": row.kpis.share_of_oracle,
                "against_best_classical": None if row.against is None else _interval(row.against),
            }
            for row in self.standings
        ]
        return {
            "run": self.run,
            "model": self.model,
            "policies": rows,
            "chosen": CHOSEN,
            "choice": self.choice,
            "against_best_classical": {"policy": self.best_classical, **_interval(self.learned)},
            "chosen_against_best_classical": {"policy": self.best_classical, **_interval(self.chosen)},
            "assumptions": [_assumption(a) for a in self.assumptions],
            "report": str(self.report),
            "seconds": round(self.seconds, 2),
        }


def backtest(project: Project, model: str | None = None, *, progress: Progress | None = None) -> BacktestResult:
    """Replay every policy over the test periods, from the same stock, and write the report.

    Raises:
        UsageError: no model has been trained, or the data have changed since.
    """
    began, progress = time.perf_counter(), progress or Silent()
    name, trained = trained_model(project, model)
    situation = understand(project, trained.snapshot)
    catalogue = trained.look_at(situation.catalogue())
    window = catalogue.window(trained.windows.test, trained.scaling)
    remembered = as_remembered(trained, catalogue, situation.terms.lead_kind, window)
    replays = replay_all(trained, window, remembered, progress)
    classical = [r for r in replays if r.kind == "classical"]
    best = max(classical, key=lambda r: float(r.profit.sum()))
    rows = standings(replays, best.policy)
    by_name = {r.policy: r for r in replays}
    run = new_run(project.folder, "backtest")
    result = BacktestResult(
        run=run,
        model=name,
        standings=rows,
        best_classical=best.policy,
        learned=difference(by_name[LEARNED], best),
        chosen=difference(by_name[CHOSEN], best),
        choice=trained.choice,
        assumptions=situation.assumptions,
        report=project.folder.runs / run / "report.html",
        seconds=time.perf_counter() - began,
    )
    write_report(result.report, _content(project, situation, trained, catalogue, replays, result))
    return result


def trained_model(project: Project, model: str | None) -> tuple[str, Trained]:
    """A model by name, the newest without one.

    Raises:
        UsageError: none has been trained.
    """
    names = list_models(project.folder)
    if not names:
        raise UsageError(
            Text(f"`{project.path}` has no trained policy yet", f"`{project.path}` 中还没有训练好的策略"),
            hint=Text("`restock train` makes one", "运行 `restock train` 进行训练"),
        )
    name = names[-1] if model is None else model
    return name, from_model(load_model(project.folder, name))


def as_remembered(
    trained: Trained, catalogue: Catalogue, lead_kind: NDArray[np.str_], window: Window
) -> dict[str, Window]:
    """The window of the test as each policy with a memory sees it, by name."""
    recollection, begins = recollect(catalogue, lead_kind), trained.windows.test[0]
    names = [name for name in PRETRAINED if name in trained.policies]
    return {name: recollection.window(trained.team(name), window, begins) for name in names}


def replay_all(trained: Trained, window: Window, remembered: dict[str, Window], progress: Progress) -> list[Replay]:
    """All classical policies, those that learned, the mix that the shop will use, and the bound.

    Args:
        remembered: the window as each policy with a memory sees it.
    """
    progress.start(Text("replaying the test periods", "回放测试期"), len(trained.rules) + len(remembered) + 2)
    try:
        replays = []
        for number, (name, tuned) in enumerate(trained.rules.items()):
            replays.append(replay(tuned.policy(), window, name, "classical", own=True))
            progress.advance(number + 1, tuned.rule.label)
        replays.append(replay(trained.ensemble(), window, LEARNED, "learned"))
        replays += [replay(Informed(trained.team(n)), seen, n, "learned") for n, seen in remembered.items()]
        script, known = with_foresight(window.stretch)
        bound = replay(script, window._replace(stretch=known), FORESIGHT, "bound")
        progress.advance(len(replays) + 1, Text("perfect foresight", "完美预知"))
    finally:
        progress.finish()
    names = [r.policy for r in replays]
    of_row = np.array([names.index(trained.choice.get(str(g), trained.choice[""])) for g in trained.groups])
    return [*replays, mix(replays, of_row, CHOSEN, "learned"), bound]


def _content(
    project: Project,
    situation: Situation,
    trained: Trained,
    catalogue: Catalogue,
    replays: list[Replay],
    result: BacktestResult,
) -> page.ReportContent:
    history, config = situation.history, project.config
    test = trained.windows.test
    replays_shown = [r for r in replays if r.kind != "learned" or r.policy != CHOSEN or _differs(trained)]
    policy = CHOSEN if _differs(trained) else LEARNED
    scene = Scene(
        replays=tuple(replays_shown),
        standings=tuple(s for s in result.standings if any(s.kpis.policy == r.policy for r in replays_shown)),
        policy=LEARNED,
        reference=result.best_classical,
        chosen=policy,
        items=_names(situation),
        starts=history.starts[test[0] : test[1]],
        currency=config.shop.currency,
    )
    estimated = float(1.0 - history.known[:, test[0] : test[1]].mean())
    return page.ReportContent(
        shop=page.ShopFacts(
            name=config.shop.name,
            currency=config.shop.currency,
            items=history.shape[0],
            sites=len(set(history.sites)),
            period_days=history.period_days,
            windows=_windows(situation, trained),
            estimated_share=estimated,
            costs_only=situation.terms.objective == "cost",
        ),
        headline=result.learned,
        chosen=policy,
        standings=scene.standings,
        observed=standings(replays_shown, result.best_classical, observed_only=True),
        command=f"restock backtest --project {project.path}",
        created=datetime.now(UTC),
        version=__version__,
        charts=gallery(scene, learning_of(trained)),
        choices=_choices(trained, replays, result),
        assumptions=tuple(page.Assumption(a.text, Text(a.value, a.value), a.replace) for a in result.assumptions),
        repairs=repaired(project),
        settings=settings_of(config),
        seeds=(trained.seed,),
        descriptions=descriptions(trained),
        language=config.shop.language,
    )


def _differs(trained: Trained) -> bool:
    return set(trained.choice.values()) != {LEARNED}


def _names(situation: Situation) -> tuple[str, ...]:
    """Item, its name, and the site where there are several."""
    history = situation.history
    several = len(set(history.sites)) > 1
    rows = zip(history.items, situation.titles(), history.sites, strict=True)
    return tuple(f"{item} {name}".strip() + (f" @ {site}" if several else "") for item, name, site in rows)


def _windows(situation: Situation, trained: Trained) -> tuple[page.Window, ...]:
    def window(name: Any, columns: tuple[int, int]) -> page.Window:
        first, end = day(situation.history, columns[0]), day(situation.history, columns[1])
        return page.Window(name, _date(first), _date(end - np.timedelta64(1, "D")), columns[1] - columns[0])

    w = trained.windows
    return window("train", w.train), window("validate", w.validation), window("test", w.test)


def _date(moment: np.datetime64) -> date:
    return date.fromisoformat(str(moment.astype("datetime64[D]")))


def learning_of(trained: Trained) -> Learning:
    """How training went, for its chart."""
    rounds, rules = trained.rounds, trained.rules
    best = rules[trained.best_rule]
    return Learning(
        updates=np.array([r.updates for r in rounds]),
        profit=np.array([r.members for r in rounds]).T,
        best_rule=trained.best_rule,
        best_rule_profit=float(best.validation.sum()),
        stopped=max(rounds, key=lambda r: r.ensemble).updates,
    )


def _choices(trained: Trained, replays: list[Replay], result: BacktestResult) -> tuple[page.Choice, ...]:
    from restock.backtest.metrics import only

    by_name = {r.policy: r for r in replays}
    choices = []
    for group in np.unique(trained.groups):
        rows = np.flatnonzero(trained.groups == group)
        policy = trained.choice[str(group)]
        rival = only(by_name[result.best_classical], rows)
        against = None if policy == result.best_classical else difference(only(by_name[policy], rows), rival)
        choices.append(page.Choice(str(group), len(rows), policy, against))
    return tuple(choices)


def _interval(found: Difference) -> dict[str, float | None]:
    return {"difference": found.total, "low": found.low, "high": found.high, "percent": found.relative_percent}


def _assumption(a: Assumption) -> dict[str, str]:
    return {"key": a.key, "value": a.value, "text": a.text.en, "text_zh": a.text.zh, "replace": a.replace.en}
