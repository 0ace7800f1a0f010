"""From recommendation to order: `approve`, `audit`; who may: `user`, `key`; where it is kept: `db`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from restock.cli.chinese import both
from restock.cli.command import ProjectFolder, command

Items = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ITEM]...", help=both("Items; none: how far the plan is", "商品；不写则显示计划进度")),
]
As = Annotated[
    str | None,
    typer.Option("--as", help=both("In whose name; default: who you are here", "以谁的名义操作，默认为当前系统用户")),
]
PlanRun = Annotated[str | None, typer.Option("--run", help=both("The plan; default: the latest", "计划，默认为最近的"))]
Site = Annotated[str | None, typer.Option("--site", help=both("Only at this site", "仅限该仓店"))]
Safe = Annotated[
    bool, typer.Option("--safe", help=both("All that nobody needs to look at", "批准所有无需人工查看的行"))
]
Quantity = Annotated[float | None, typer.Option("--quantity", help=both("Another quantity", "改为该数量"))]
Why = Annotated[
    str,
    typer.Option(
        "--why",
        help=both(
            "Why: promotion, demand, stock, supplier, cash, ending, other",
            "原因：promotion、demand、stock、supplier、cash、ending、other",
        ),
    ),
]
Note = Annotated[str, typer.Option("--note", help=both("A note for whoever reads it later", "说明，供以后查阅"))]
Reject = Annotated[str | None, typer.Option("--reject", help=both("Order none, for this reason", "不订货，并说明原因"))]
Snooze = Annotated[
    datetime | None,
    typer.Option("--snooze", formats=["%Y-%m-%d"], help=both("Leave alone until this day", "在该日期前不再提示")),
]
Reopen = Annotated[bool, typer.Option("--reopen", help=both("Take a decision back", "撤回决定"))]
Sheet = Annotated[
    Path | None,
    typer.Option("--from", help=both("An edited sheet of `export --sheet`", "编辑过的 `export --sheet` 表格")),
]
Anyway = Annotated[bool, typer.Option("--anyway", help=both("Although out of date", "即使计划已过期"))]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help=both("Entries at most", "最多条数"))]
Item = Annotated[str | None, typer.Option("--object", help=both("Only of this line, plan, user", "仅限该对象"))]
UserDo = Annotated[
    Literal["add", "list", "change", "link", "stop"],
    typer.Argument(metavar="add|list|change|link|stop", help=both("What to do", "操作")),
]
KeyDo = Annotated[
    Literal["create", "list", "revoke"],
    typer.Argument(metavar="create|list|revoke", help=both("What to do", "操作")),
]
PoliciesDo = Annotated[
    Literal["list", "promote", "rollback"],
    typer.Argument(metavar="list|promote|rollback", help=both("What to do; default: list", "操作，默认为 list")),
]
DbDo = Annotated[
    Literal["upgrade", "backup", "restore"],
    typer.Argument(metavar="upgrade|backup|restore", help=both("What to do", "操作")),
]
Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help=both("Whose, or of which", "名称"))]
RoleOf = Annotated[
    str | None,
    typer.Option("--role", help=both("viewer, planner, approver, scientist, admin", "角色：viewer、planner 等")),
]
Scope = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        help=both(
            "What it may: read, edit, approve, load, plan, learn, decide, audit, manage; repeat for several",
            "权限范围：read、edit、approve、load、plan、learn、decide、audit、manage；可重复",
        ),
    ),
]
Days = Annotated[int, typer.Option("--days", min=1, max=3650, help=both("Until it ends", "有效天数"))]
Owner = Annotated[str | None, typer.Option("--user", help=both("In whose name it acts", "密钥所属用户"))]
File = Annotated[Path | None, typer.Argument(metavar="[FILE]", help=both("Of the backup", "备份文件"))]
Replace = Annotated[bool, typer.Option("--replace", help=both("Also where something is there", "替换现有内容"))]


def add(app: typer.Typer) -> None:
    """Add these commands."""
    command(app, both("Approve, change, reject or snooze lines of a plan", "批准、修改、驳回或暂缓计划中的订货行"))(
        approve
    )
    command(app, both("Who did what, the newest first", "谁做了什么，最新的在前"))(audit)
    command(app, both("Users and their roles", "用户和角色"))(user)
    command(app, both("Keys for programs", "程序使用的密钥"))(key)
    command(app, both("Trained policies: which one decides, and the way back", "训练好的策略：指定使用哪一个，或撤回"))(
        policies
    )
    command(app, both("The state: bring up to date, back up, restore", "状态库：升级、备份、恢复"))(db)


def approve(
    items: Items = None,
    project: ProjectFolder = None,
    run: PlanRun = None,
    site: Site = None,
    safe: Safe = False,
    quantity: Quantity = None,
    why: Why = "",
    note: Note = "",
    reject: Reject = None,
    snooze: Snooze = None,
    reopen: Reopen = False,
    sheet: Sheet = None,
    anyway: Anyway = False,
    name: As = None,
) -> Any:
    """`restock approve`."""
    desk = _desk(project, name)
    from restock.workflows.approval.at_terminal import Wish, carry_out

    until = None if snooze is None else snooze.date()
    wish = Wish(tuple(items or ()), site, safe, quantity, why, note, reject, until, reopen, sheet, anyway)
    return carry_out(desk, wish, run)


def audit(project: ProjectFolder = None, limit: Limit = 40, name: Item = None) -> Any:
    """`restock audit`."""
    desk = _desk(project, None)
    from restock.workflows.approval.trail import trail

    return trail(desk, limit, name)


def user(do: UserDo, name: Name = None, project: ProjectFolder = None, role: RoleOf = None, by: As = None) -> Any:
    """`restock user`."""
    desk = _desk(project, by)
    from restock.workflows.accounts.at_terminal import do_user

    return do_user(desk, do, name, role)


def key(
    do: KeyDo,
    name: Name = None,
    project: ProjectFolder = None,
    scope: Scope = None,
    days: Days = 365,
    owner: Owner = None,
    by: As = None,
) -> Any:
    """`restock key`."""
    desk = _desk(project, by)
    from restock.workflows.accounts.at_terminal import NewKeyWish, do_key

    return do_key(desk, do, name, NewKeyWish(tuple(scope or ()), days, owner))


def policies(
    do: PoliciesDo = "list", name: Name = None, project: ProjectFolder = None, note: Note = "", by: As = None
) -> Any:
    """`restock policies`."""
    from restock.workflows.project import open_project
    from restock.workflows.registry import do_policies, registry

    if do == "list":
        return registry(open_project(project or Path()))
    return do_policies(_desk(project, by), do, name, note)


def db(do: DbDo, file: File = None, project: ProjectFolder = None, replace: Replace = False) -> Any:
    """`restock db`."""
    from restock.workflows.approval.keeping import keep
    from restock.workflows.project import open_project

    return keep(open_project(project or Path()), do, file, replace=replace)


def _desk(project: Path | None, name: str | None) -> Any:
    from restock.workflows.approval.desk import open_desk
    from restock.workflows.project import open_project

    return open_desk(open_project(project or Path()), name)
