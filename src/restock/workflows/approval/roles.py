"""Who may do what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from restock.errors import ForbiddenError
from restock.language import Text

Permission = Literal[
    "read",  # look at everything that a planner sees
    "edit",  # change quantities, snooze, comment
    "approve",  # approve, reject, reopen, hand over
    "load",  # bring data
    "plan",  # have plans made
    "learn",  # train, backtest
    "decide",  # ask the policy for decisions on a live state
    "audit",  # see who did what
    "manage",  # people, keys, addresses that are told of events
]
Role = Literal["viewer", "planner", "approver", "scientist", "admin"]
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
ROLES: Mapping[Role, frozenset[Permission]] = {
    "viewer": frozenset({"read"}),
    "planner": frozenset({"read", "edit", "load", "plan", "decide"}),
    "approver": frozenset({"read", "edit", "approve", "load", "plan", "decide", "audit"}),
    "scientist": frozenset({"read", "load", "plan", "learn", "decide"}),
    "admin": frozenset(PERMISSIONS),
}
LABELS: Mapping[Permission, Text] = {
    "read": Text("look at data and plans", "查看数据和计划"),
    "edit": Text("change order lines", "修改订货行"),
    "approve": Text("approve and hand over orders", "审批并下发订单"),
    "load": Text("load data", "导入数据"),
    "plan": Text("make plans", "生成计划"),
    "learn": Text("train and test policies", "训练和回测策略"),
    "decide": Text("ask for decisions", "请求实时决策"),
    "audit": Text("see who did what", "查看操作记录"),
    "manage": Text("manage people, keys and webhooks", "管理用户、密钥和回调"),
}


@dataclass(frozen=True)
class Actor:
    """Who acts: a person, or a program with a key of a person."""

    name: str
    role: Role
    via: str = "cli"  # cli, page, job, key:PREFIX
    scopes: frozenset[Permission] | None = None  # of a key; none: all that the role may

    @property
    def permissions(self) -> frozenset[Permission]:
        """What this actor may do."""
        return ROLES[self.role] if self.scopes is None else ROLES[self.role] & self.scopes


def need(actor: Actor, permission: Permission) -> None:
    """Go on only if the actor may.

    Raises:
        ForbiddenError: it may not; says who may.
    """
    if permission in actor.permissions:
        return
    roles = ", ".join(role for role, may in ROLES.items() if permission in may)
    what = LABELS[permission]
    if permission in ROLES[actor.role]:
        hint = Text(f"the key needs the scope `{permission}`", f"该密钥需要权限范围 `{permission}`")
    else:
        hint = Text(f"ask somebody whose role is one of: {roles}", f"请联系具有以下角色的人：{roles}")
    raise ForbiddenError(
        Text(f"`{actor.name}` ({actor.role}) may not {what.en}", f"`{actor.name}`（{actor.role}）没有权限：{what.zh}"),
        hint=hint,
    )
