"""A plan before any training: who decides, what is said, and where a rule stands in."""

from collections.abc import Callable

import polars as pl
import pytest
import weekly_shop as made_up
from weekly_shop import new_project

from restock.errors import UsageError
from restock.workflows import decide
from restock.workflows.plan import PlanResult
from restock.workflows.project import Project

NEW = "I-25"


def said(plan: PlanResult) -> dict[str, tuple[str, str]]:
    return {a.key: (a.text.en, a.text.zh) for a in plan.assumptions}


def everything(plan: PlanResult) -> pl.DataFrame:
    return pl.concat([plan.lines.select("item", "policy"), plan.not_ordered.select("item", "policy")])


@pytest.fixture(scope="module")
def project(files, tmp_path_factory) -> Project:
    project = new_project(tmp_path_factory.mktemp("data_only"))
    project.load(list(files.values()))
    return project


@pytest.fixture(scope="module")
def plan(project) -> PlanResult:
    return project.plan()


def test_the_pretrained_policy_plans_every_item_and_says_so_in_both_languages(plan):
    assert plan.model == "generalist"
    assert everything(plan)["policy"].unique().to_list() == ["generalist"]
    assert everything(plan).height == made_up.ITEMS
    english, chinese = said(plan)["generalist"]
    assert "no policy has been trained on this shop yet" in english
    assert "尚未用本店数据训练策略" in chinese
    for row in plan.lines.to_dicts():
        assert f"pretrained policy, {made_up.WEEKS} weeks seen" in row["reason"]
        assert "预训练策略" in row["reason_zh"]


def test_it_orders_about_what_the_weeks_to_come_ask_for(plan, world):
    ordered = dict(plan.lines.select("item", "quantity").iter_rows())
    stock = dict(zip(made_up.NAMES, made_up.starting_stock(world), strict=True))
    weekly = world.demand[:, : made_up.WEEKS * 7].mean(axis=1) * 7
    for number, item in enumerate(made_up.NAMES):
        if item in ordered and world.minimum[number] == 0:
            cover = (stock[item] + ordered[item]) / (weekly[number] * (world.lead[number] + 1))
            assert 0.5 < cover < 6, item


def test_the_first_week_of_a_shop_is_enough(tmp_path, world):
    project = new_project(tmp_path / "young", '[shop]\nperiod = "day"\n')
    days = made_up.sales_frame(world, 0, 1).filter(pl.col("date") < made_up.FIRST + pl.duration(days=5))
    path = tmp_path / "sales.csv"
    days.write_csv(path)
    project.load([path])
    plan = project.plan()
    assert everything(plan).height >= made_up.ITEMS - 3  # the slowest may not have sold yet
    assert plan.lines.height > 5
    assert plan.lines["periods_seen"].max() == 5
    assert {"lead_time", "unit_cost", "stock", "generalist"} <= set(said(plan))  # terms that it assumes


@pytest.fixture(scope="module")
def newcomer(world, tmp_path_factory) -> Callable[[str | None], Project]:
    """The same shop, in whose last two weeks a new item sold three units each; it is said to be like another."""

    def shop(like: str | None) -> Project:
        frames = {"sales": made_up.sales_frame(world, 0, made_up.WEEKS), **made_up.master_frames(world)}
        last = frames["sales"].filter(pl.col("item") == "I-20").tail(14).with_columns(item=pl.lit(NEW))
        last = last.with_columns(quantity=pl.when(pl.int_range(14) % 7 == 2).then(3.0).otherwise(0.0))
        terms = frames["supply"].filter(pl.col("item") == "I-20").with_columns(item=pl.lit(NEW))
        about = pl.DataFrame({"item": [NEW], "name": ["New"], "category": ["cups"], "like_item": [like]})
        frames["sales"] = pl.concat([frames["sales"], last])
        frames["supply"] = pl.concat([frames["supply"], terms])
        frames["items"] = pl.concat([frames["items"], about], how="diagonal")
        frames["stock"] = made_up.stock_frame([0.0] * made_up.ITEMS, made_up.WEEKS)
        shelf = frames["stock"].head(1).with_columns(item=pl.lit(NEW))
        frames["stock"] = pl.concat([frames["stock"], shelf])
        place = tmp_path_factory.mktemp("newcomer")
        project = new_project(place / "shop")
        project.load(list(made_up.save(frames, place / "files").values()))
        return project

    return shop


def test_a_new_item_like_a_bestseller_orders_more_than_one_of_its_category_and_says_why(newcomer, world):
    best, weekly = made_up.NAMES[-1], world.demand[:, : made_up.WEEKS * 7].sum(axis=1)
    assert weekly.argmax() == len(weekly) - 1
    plans = [newcomer(like).plan() for like in (None, best, "I-99")]
    plain, ordered, fallen_back = (plan.lines.filter(pl.col("item") == NEW).row(0, named=True) for plan in plans)
    assert ordered["quantity"] > plain["quantity"] > 0
    assert fallen_back["quantity"] == plain["quantity"]
    assert "from its category" in plain["reason"]
    assert "同类商品" in plain["reason_zh"]
    level = world.demand[-1, (made_up.WEEKS - 13) * 7 : made_up.WEEKS * 7].sum() / 13
    assert f"2 weeks seen, beside a guess of {level:.1f} per week from `{best}`, which it is like" in ordered["reason"]
    assert f"参照商品 `{best}`估计每周 {level:.1f}" in ordered["reason_zh"]
    assert "`I-99`" in said(plans[2])["like_item"][0]
    assert "like_item" not in said(plans[1])


def test_items_far_from_all_that_it_has_learned_on_are_a_rule_s(world, tmp_path):
    other = new_project(tmp_path / "far", made_up.SETTINGS.replace("[train]", "[supply]\npack = 1\n[train]"))
    far = made_up.sales_frame(world, 0, made_up.WEEKS)
    far = far.with_columns(
        quantity=pl.when(pl.col("item") == "I-24").then(pl.col("quantity") * 2000).otherwise("quantity")
    )
    path = tmp_path / "sales.csv"
    far.write_csv(path)
    other.load([path])
    plan = other.plan()
    policies = dict(everything(plan).iter_rows())
    assert policies["I-24"] == "newsvendor"
    assert policies["I-10"] == "generalist"
    english, chinese = said(plan)["outside_prior"]
    assert "`I-24`" in english
    assert "demand per period" in english
    assert "每周期需求" in chinese
    line = plan.lines.filter(pl.col("item") == "I-24").row(0, named=True)
    assert "outside of what the pretrained policy knows" in line["reason"]
    assert "超出预训练策略的学习范围" in line["reason_zh"]


def test_an_item_of_which_nothing_could_be_seen_is_a_rule_s_and_the_plan_says_so(project, monkeypatch):
    seen = decide._periods_seen

    def first_unseen(situation):
        periods = seen(situation).copy()
        periods[0] = 0
        return periods

    monkeypatch.setattr(decide, "_periods_seen", first_unseen)
    plan = project.plan()
    english, chinese = said(plan)["unseen"]
    ruled = [item for item, policy in everything(plan).iter_rows() if policy == "newsvendor"]
    assert len(ruled) == 1
    assert "1 items; newsvendor decides them, by what like items sell where they have never sold" in english
    assert f"`{ruled[0]}`" in english
    assert ruled[0] in chinese


def test_a_line_is_explained_before_any_training(project, plan):
    line = plan.lines.row(0, named=True)
    found = project.explain(line["item"]).to_json()
    assert found["policy"] == found["model"] == "generalist"
    assert found["quantity"] == line["quantity"]
    assert sum(part["units"] for part in found["parts"]) == pytest.approx(found["quantity"])
    assert [a["policy"] for a in found["alternatives"]] == ["generalist", "newsvendor"]


def test_a_policy_that_needs_training_says_so(project):
    for name in ("learned", "base_stock"):
        with pytest.raises(UsageError) as error:
            project.plan(name)
        assert "restock train" in error.value.hint.en
    assert project.plan("newsvendor").lines["policy"].unique().to_list() == ["newsvendor"]
