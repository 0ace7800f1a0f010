"""How the deep forecaster learns."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

CONTEXT = {1: 56, 7: 26}  # periods seen one by one, by days of a period
KEPT_BACK = {1: 28, 7: 8}  # last periods that decide when to stop and how sure to be


class DeepConfig(BaseModel):
    """Settings; a wrong key or value stops the run before it starts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    law: Literal["negative_binomial", "hurdle", "tweedie"] = Field(
        default="negative_binomial", description="Law of demand in a period"
    )
    context: int | None = Field(default=None, gt=0, description="Periods seen one by one; none: 56 days or 26 weeks")
    hidden: int = Field(default=128, gt=0, description="Units of each layer")
    blocks: int = Field(default=2, ge=1, description="Residual layers")
    members: int = Field(default=2, ge=1, description="Networks whose laws are mixed")
    updates: int = Field(default=1500, gt=0, description="Most gradient steps")
    batch: int = Field(default=256, gt=0, description="Series and origins averaged in one step")
    learning_rate: float = Field(default=2e-3, gt=0, description="Largest step of AdamW")
    weight_decay: float = Field(default=0.05, ge=0, description="Pull of the weights towards zero")
    dropout: float = Field(default=0.15, ge=0, lt=1, description="Share of the inputs hidden in each window")
    unknown: float = Field(default=0.2, ge=0, lt=1, description="Share of windows in which the series' name is hidden")
    newborn: float = Field(default=0.05, ge=0, lt=1, description="Share of windows in which all its past is hidden")
    recency: float = Field(default=1.3, ge=1, description="1: all origins alike; above: later ones more often")
    average: float = Field(default=0.99, ge=0, lt=1, description="Memory of the averaged weights, per step")
    round: int = Field(default=100, gt=0, description="Steps between two looks at the periods kept back")
    patience: int = Field(default=4, ge=1, description="Looks without gain before it stops")
    kept_back: int | None = Field(default=None, gt=0, description="Periods kept back; none: 28 days or 8 weeks")
    catch_up: float = Field(
        default=0.3, ge=0, description="Steps on all periods at the end, as a share of those before"
    )
    sold_out: Literal["thin", "bound", "leave_out", "ignore"] = Field(
        default="thin", description="What sales of a sold-out period are, see `inputs.observed`"
    )
    recalibrate: bool = Field(default=True, description="Whether levels are corrected by what was kept back")
