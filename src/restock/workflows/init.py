"""Start a project: settings that explain themselves, and empty files with the columns that `restock load` knows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from restock.config import Config, Section
from restock.errors import UsageError
from restock.language import Text
from restock.storage.folder import Folder, write_whole

# The columns of docs/architecture.md; `suspect` is left out, for it is found and not given.
TEMPLATES = {
    "sales": "item,site,channel,order,at,quantity,unit_price,discount,promotion,in_stock",
    "items": "item,name,category,brand,unit_cost,list_price,launch,status,like_item",
    "stock": "item,site,date,on_hand",
    "purchase_orders": "order,item,site,ordered,expected,quantity,received",
    "supply": "item,site,supplier,lead_time,lead_time_sd,minimum,pack,unit_cost,review",
    "promotions": "item,site,start,end,kind,value",
    "prices": "item,site,date,price",
    "events": "name,start,end",
}
HEAD = """\
# Settings of this shop. Every line is a default: take the leading # away to change it.
# A value in an item's own row wins over a value here.
# 本店的设置。每一行都是默认值：去掉行首的 # 即可修改；商品自己那一行的值优先于这里的值。
"""
LIMITS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
KINDS = {int: "whole number", float: "number", str: "text", bool: "true or false", NoneType: ""}


@dataclass(frozen=True)
class InitResult:
    """What was written."""

    folder: Path
    written: tuple[Path, ...]

    def to_json(self) -> dict[str, Any]:
        """For programs; paths below the folder."""
        return {
            "folder": str(self.folder),
            "written": [path.relative_to(self.folder).as_posix() for path in self.written],
            "next": Text(
                f"`restock load FILES --project {self.folder}` with your sales; one file of order lines is enough",
                f"用 `restock load 文件 --project {self.folder}` 导入销售数据；一份订单明细就够了",
            ),
        }


def init(folder: Path) -> InitResult:
    """Start a project in a new or an empty folder; files of the user are never touched.

    Raises:
        UsageError: there is a project already, or another file where one would be written.
        StorageError: the folder cannot be written.
    """
    # The settings come last: a folder that has them is a whole project.
    contents = {folder / "templates" / f"{name}.csv": f"{columns}\n" for name, columns in TEMPLATES.items()}
    contents[Folder(folder).config] = settings_text()
    _refuse_taken(folder, contents)
    for path, content in contents.items():
        if not path.exists():
            write_whole(path, content.encode())
    return InitResult(folder, tuple(contents))


def settings_text() -> str:
    """restock.toml with every setting commented out, made from the settings themselves."""
    return "\n".join((HEAD, *(line for name in Config.model_fields for line in _section(name))))


def _refuse_taken(folder: Path, contents: Mapping[Path, str]) -> None:
    if Folder(folder).config.exists():
        raise UsageError(
            Text(
                f"`{folder}` is a project already: it has a restock.toml",
                f"`{folder}` 已经是一个项目：其中有 restock.toml",
            ),
            hint=Text(
                "go on with `restock load FILES`, or choose another folder",
                "请继续用 `restock load 文件`，或另选一个文件夹",
            ),
        )
    # What a stopped `init` left is the same as what will be written, so it is no obstacle.
    taken = [path for path, content in contents.items() if path.exists() and not _holds(path, content)]
    if taken:
        listed = ", ".join(f"`{path}`" for path in taken)
        raise UsageError(
            Text(f"{len(taken)} files are in the way: {listed}", f"有 {len(taken)} 个文件已存在：{listed}"),
            hint=Text("move them away, or choose another folder", "请移走它们，或另选一个文件夹"),
        )


def _holds(path: Path, content: str) -> bool:
    return path.is_file() and path.read_bytes() == content.encode()


def _section(name: str) -> Iterator[str]:
    model = Config.model_fields[name].annotation
    assert isinstance(model, type)
    assert issubclass(model, Section)
    yield f"# {(model.__doc__ or '').splitlines()[0]}"
    yield f"[{name}]"
    for key, field in model.model_fields.items():
        about = ". ".join(part for part in (field.description or "", _allowed(field)) if part)
        yield f"# {about}"
        yield f"# {key} is not set" if field.default is None else f"#{key} = {_toml(field.default)}"
    yield ""


def _allowed(field: FieldInfo) -> str:
    """What may be written, as words: `"day" | "week"`, `number > 0`."""
    limits = [
        f"{sign} {bound:g}"
        for one in field.metadata
        for key, sign in LIMITS.items()
        if (bound := getattr(one, key, None)) is not None
    ]
    return " ".join((_kind(field.annotation), " and ".join(limits))).strip()


def _kind(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(_toml(part) for part in parts)
    if origin in (Union, UnionType):
        return " | ".join(word for part in parts if (word := _kind(part)))
    if origin is tuple:
        return f"list of {_kind(parts[0])}"
    if origin is dict:
        return f"table of {_kind(parts[0])} = {_kind(parts[1])}"
    return KINDS[annotation]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return repr(value)
