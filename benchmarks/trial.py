"""A shop's unseen periods, and what rules and algorithms earn on them, as `restock train` learns."""

from dataclasses import dataclass, replace
from functools import cached_property

from restock.backtest.catalogue import Catalogue, Window, scaling_of
from restock.backtest.replay import Replay, replay
from restock.backtest.windows import Windows, split
from restock.config import Config
from restock.forecasting.features import Scaling
from restock.policies.together import together
from restock.policies.tuning import Tuned
from restock.progress import Silent
from restock.storage.folder import Folder
from restock.workflows.lessons import problem_of, settings_of
from restock.workflows.situation import Situation
from restock.workflows.train import Lesson, learn_networks, settle_networks, settle_rules, tune_rules


@dataclass(frozen=True)
class Trial:
    """Learn before the test periods, earn on them."""

    config: Config
    folder: Folder
    situation: Situation
    catalogue: Catalogue

    def under(self, config: Config) -> "Trial":
        """The same shop with other settings."""
        return replace(self, config=config)

    @cached_property
    def windows(self) -> Windows:
        """What is learned from, chosen on and tested on."""
        history = self.catalogue.history
        return split(history.shape[1], history.period_days, self.catalogue.warm_up, self.config)

    @cached_property
    def scaling(self) -> Scaling:
        """Of features."""
        return scaling_of(self.catalogue, self.windows.train)

    @cached_property
    def test(self) -> Window:
        """The periods that are unseen."""
        return self.catalogue.window(self.windows.test, self.scaling)

    def tune(self) -> dict[str, Tuned]:
        """The rules, tuned on validation periods and then on all before the test."""
        groups = self.situation.classes(self.windows.train[1]).pattern
        tuned = tune_rules(self.config, self.catalogue, self.windows, self.scaling, groups, Silent())
        return settle_rules(tuned, self.catalogue, self.windows, self.scaling, groups)

    def replay_rules(self, rules: dict[str, Tuned]) -> list[Replay]:
        """Over the test periods; the best first."""
        replays = [replay(t.policy(), self.test, name, "classical", own=True) for name, t in rules.items()]
        return sorted(replays, key=lambda r: -float(r.profit.sum()))

    def learn(self, seed: int) -> tuple[Replay, int]:
        """The learned policy over the test periods, and after how many updates validation stopped it."""
        settings = settings_of(self.config, self.catalogue, self.windows)
        problem = problem_of(self.catalogue, self.windows.train, self.scaling, self.config, seed)
        validation = self.catalogue.window(self.windows.validation, self.scaling)
        lesson = Lesson(self.folder, settings, problem, validation, "")
        fitting, _ = learn_networks(lesson, self.config, seed, Silent(), resume=False)
        before_test = (self.windows.train[0], self.windows.validation[1])
        everything = problem_of(self.catalogue, before_test, self.scaling, self.config, seed)
        members = settle_networks(settings, everything, fitting, seed, Silent())
        return replay(together(members), self.test, "learned", "learned"), fitting.best_round.updates
