"""What a user writes in `restock.toml`; numbers are checked here, before any array exists."""

import re
import tomllib
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from restock.errors import ConfigError, nearest
from restock.language import Language, Text


class Section(BaseModel):
    """A table of restock.toml; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ShopConfig(Section):
    """Who the shop is and how it counts time."""

    name: str = "my shop"
    currency: str = ""
    period: Literal["auto", "day", "week"] = Field(default="auto", description="How often the shop decides")
    week_starts: Literal["monday", "sunday"] = "monday"
    country: str = Field(default="", description="ISO code of the public holidays to know, such as CN, GB, US")
    promotions: Literal["seen", "planned"] = Field(
        default="seen",
        description="Discounts and promotions in sales rows: known once the period is over, or planned ahead",
    )
    language: Language = "en"


class CostsConfig(Section):
    """Money; a value in an item's row wins over these."""

    unit_cost: float | None = Field(default=None, gt=0, description="Money per unit bought, for every item")
    cost_share: float = Field(default=0.6, gt=0, lt=1, description="Cost as a share of price, where no cost is known")
    holding_rate: float = Field(default=0.3, ge=0, description="Per year, on cost: capital, storage, loss")
    holding_per_period: float | None = Field(
        default=None, ge=0, description="Money per unit and period; wins over the rate"
    )
    goodwill: float = Field(default=0.0, ge=0, description="Money per unit lost, beside the margin")
    shortage: float = Field(default=1.0, gt=0, description="Per unit lost, objective `cost` only")
    order_cost: float = Field(default=0.0, ge=0, description="Money per order placed")
    transport: float = Field(default=0.0, ge=0, description="Money per unit moved")
    backlog: float = Field(default=0.0, ge=0, description="Money per waiting unit and period")


class SupplyConfig(Section):
    """How goods come; a value in an item's supply row wins over these."""

    lead_time: int | dict[int, float] | None = Field(
        default=None,
        description="Periods from order to shelf, or a table {periods = probability}; none: 1 week or 2 days",
    )
    review_period: int = Field(default=1, ge=1, description="Periods between two order days")
    pack: int = Field(default=1, ge=0, description="Units per pack; 0: fractions may be ordered")
    minimum: int = Field(default=0, ge=0, description="Smallest order, units")
    unmet: Literal["lost", "backlog"] | float = Field(
        default="lost", description="Or the share of unserved customers who wait"
    )


class ObjectiveConfig(Section):
    """What counts."""

    kind: Literal["auto", "profit", "cost"] = Field(
        default="auto",
        description="`profit` in money; `cost` = holding + shortage per unit; auto: profit where prices are known",
    )


class TrainConfig(Section):
    """How the policy is learned."""

    algorithm: Literal["pathwise", "ppo", "a2c", "dqn", "td3", "ddpg", "shac"] = Field(
        default="pathwise", description="How the policy is learned; docs/algorithms tells what each is for"
    )
    batch: int = Field(default=512, ge=1, description="Stretches of history lived side by side in one round")
    hidden: int = Field(default=64, ge=1, description="Size of the networks")
    learning_rate: float = Field(default=2e-3, gt=0, description="Largest step of the optimizer")
    weight_decay: float = Field(default=0.1, ge=0, description="Against over-fitting: pull of the weights towards zero")
    input_dropout: float = Field(
        default=0.3, ge=0, lt=1, description="Against over-fitting: share of the inputs hidden at random"
    )
    dropout: float = Field(
        default=0.0, ge=0, lt=1, description="Against over-fitting: share of the hidden units silenced, `pathwise` only"
    )
    other_pasts: int = Field(
        default=0, ge=0, le=20, description="Against over-fitting: made-up pasts of the same shop beside the real one"
    )
    imagined_pasts: int = Field(
        default=0, ge=0, le=20, description="Pasts drawn from the forecaster of [forecast] beside the real one"
    )
    augment_scale: float = Field(
        default=0.3, ge=0, description="Other pasts: spread of the logarithm of an item's level"
    )
    augment_shift: int = Field(default=26, ge=0, description="Other pasts: largest move in time, weeks")
    augment_swap: float = Field(default=0.25, ge=0, le=1, description="Other pasts: share traded with a similar item")
    augment_noise: float = Field(default=0.1, ge=0, description="Other pasts: spread of each period's factor")
    patience: int = Field(default=6, ge=1, description="Looks at validation money without a rise before training stops")
    seeds: int = Field(default=4, ge=1, le=64, description="Networks in the ensemble")
    updates: int = Field(
        default=600,
        ge=1,
        description="Rounds of learning at most, for `pathwise` a gradient step each; validation stops earlier",
    )
    fine_tune: bool = Field(
        default=False, description="Let the pretrained policy learn on from this shop too, as one more rival"
    )
    validation_periods: int | None = Field(default=None, ge=2, description="None: a share of the history")

    @model_validator(mode="after")
    def _every_setting_is_used(self) -> "TrainConfig":
        if self.dropout > 0 and self.algorithm != "pathwise":
            raise ValueError(f"dropout {self.dropout} is for `pathwise` only; leave it out with `{self.algorithm}`")
        return self


class ForecastConfig(Section):
    """Which forecasts orders are made from."""

    method: str = Field(
        default="",
        description="A method of `restock forecast`, such as lightgbm or deep; empty: smoothed level, week and year",
    )
    refit: int | None = Field(default=None, ge=1, description="Periods between two fits; none: 28 days or 13 weeks")


class BacktestConfig(Section):
    """How policies are proven."""

    test_periods: int | None = Field(default=None, ge=2, description="None: a share of the history")
    policies: tuple[str, ...] = Field(default=(), description="Names of classical policies; empty: all")


class ApprovalConfig(Section):
    """What people may let through."""

    budget: float | None = Field(default=None, gt=0, description="Money that the orders of one plan may cost")
    four_eyes_above: float | None = Field(
        default=None, gt=0, description="Money of one order line above which two people must approve"
    )
    override_budget: int | None = Field(
        default=None, ge=0, description="Lines of one plan whose quantity people may change; none: all of them"
    )


class ServiceConfig(Section):
    """The server."""

    host: str = Field(default="127.0.0.1", description="Who can reach it: this machine; 0.0.0.0 for the network")
    port: int = Field(default=8000, ge=1, le=65535)
    names: tuple[str, ...] = Field(default=(), description="Names by which browsers may call it, beside localhost")
    database: str = Field(
        default="", description="postgresql://user@host/name, or empty for a file; RESTOCK_DATABASE wins over it"
    )
    upload_mb: int = Field(default=200, ge=1, le=10_000, description="Largest file that is taken, also when unpacked")


class ScheduleConfig(Section):
    """What a worker does every day by itself: load, check, forecast, adapt, plan, notify."""

    time: str = Field(
        default="",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^$",
        description="When, such as 06:30, on the clock of the shop; empty: never",
    )
    zone: str = Field(default="UTC", description="The shop's time zone, such as Asia/Shanghai")
    inbox: str = Field(default="inbox", description="Folder whose files are loaded; afterwards they lie in `loaded`")
    forecast: bool = Field(default=False, description="Make the forecast report too")
    adapt_days: int | None = Field(
        default=None, ge=1, description="Train again when the newest policy is older than this; none: never"
    )

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"no time zone is called {zone}") from None
        return zone

    @field_validator("inbox")
    @classmethod
    def _inside(cls, inbox: str) -> str:
        if not inbox or Path(inbox).is_absolute() or ".." in Path(inbox).parts:
            raise ValueError("a folder inside the project's")
        return inbox


class Config(Section):
    """restock.toml."""

    shop: ShopConfig = ShopConfig()
    costs: CostsConfig = CostsConfig()
    supply: SupplyConfig = SupplyConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    train: TrainConfig = TrainConfig()
    backtest: BacktestConfig = BacktestConfig()
    forecast: ForecastConfig = ForecastConfig()
    approval: ApprovalConfig = ApprovalConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    service: ServiceConfig = ServiceConfig()


TOO_FAR = {
    "greater_than_equal": ("ge", "of at least", "不小于"),
    "greater_than": ("gt", "above", "大于"),
    "less_than_equal": ("le", "of at most", "不大于"),
    "less_than": ("lt", "below", "小于"),
}


def read_config(path: Path) -> Config:
    """The settings of a project; a missing file means all defaults.

    Raises:
        ConfigError: not TOML, or a key or value is wrong; names each place.
    """
    if not path.exists():
        return Config()
    try:
        return Config.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(Text(f"`{path}` is not valid TOML: {error}", f"`{path}` 不是有效的 TOML：{error}")) from None
    except ValidationError as error:
        places = [f"{'.'.join(map(str, e['loc']))}: {e['msg']} (got {e.get('input')!r})" for e in error.errors()]
        raise ConfigError(
            Text(
                f"`{path}` has {len(places)} wrong settings: " + "; ".join(places),
                f"`{path}` 有 {len(places)} 处设置错误：" + "；".join(places),
            ),
            hint=_meant(error),
        ) from None


def _meant(error: ValidationError) -> Text:
    """What the first unknown key or word was meant to be; else where the settings are explained."""
    for each in error.errors():
        *sections, key = map(str, each["loc"])
        if each["type"] == "extra_forbidden":
            section: Any = Config
            for name in sections:
                section = section.model_fields[name].annotation
            return nearest(key, section.model_fields)
        if each["type"] == "literal_error":
            return nearest(str(each["input"]), re.findall(r"'([^']*)'", each["msg"]))
        place = f"`[{'.'.join(sections)}] {key}`"
        if each["type"].startswith("int_") or (each["type"] in TOO_FAR and isinstance(each["input"], str)):
            return Text(f"{place} takes a whole number, such as 4", f"{place} 应为整数，例如 4")
        if each["type"] in TOO_FAR:
            bound, en, zh = TOO_FAR[each["type"]]
            limit = each.get("ctx", {})[bound]
            return Text(f"choose {place} {en} {limit}", f"{place} 应{zh} {limit}")
    return Text(
        "`restock init` in an empty folder writes a commented example",
        "在空文件夹运行 `restock init` 可得到带注释的示例",
    )
