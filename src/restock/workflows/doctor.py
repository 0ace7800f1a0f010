"""Is everything there that restock needs: this machine, the libraries, the project."""

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, NamedTuple

import restock
from restock.config import read_config
from restock.errors import RestockError
from restock.language import NOTHING, Text

State = Literal["ok", "warn", "fail"]
LIBRARIES = ("jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "polars", "pyarrow", "pydantic", "plotly")
LITTLE_MEMORY, LITTLE_ROOM, NO_ROOM = 2.0, 1.0, 0.1  # GB


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    state: State
    text: Text
    hint: Text = NOTHING


@dataclass(frozen=True)
class DoctorResult:
    """All of them."""

    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """1 if something must be repaired."""
        return int(any(check.state == "fail" for check in self.checks))

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"checks": [check._asdict() for check in self.checks], "healthy": self.exit_code == 0}


def doctor(project: Path | None) -> DoctorResult:
    """Look at this machine, and at a project's folder if one is named; changes nothing.

    It takes a folder and no opened project, because one that cannot be opened is what it is for.
    """
    folder = project or Path()
    looks: list[Callable[[], Check]] = [_versions, _machine, lambda: _room(folder), lambda: _writing(folder), _learning]
    if project is not None:
        looks += [lambda: _settings(project), lambda: _facts(project), lambda: _models(project)]
    return DoctorResult(tuple(_told(look) for look in looks))


def _told(look: Callable[[], Check]) -> Check:
    try:
        return look()
    except RestockError as error:
        return Check("project", "fail", error.message, error.hint)


def _versions() -> Check:
    found, missing = [], []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        listed = ", ".join(missing)
        text = Text(f"{len(missing)} libraries are missing: {listed}", f"缺少 {len(missing)} 个库：{listed}")
        return Check("versions", "fail", text, Text("install restock again", "请重新安装 restock"))
    head = f"restock {restock.__version__}, Python {platform.python_version()}, "
    listed = head + ", ".join(found)
    return Check("versions", "ok", Text(listed, listed))


def _machine() -> Check:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    gigabytes = _memory()
    system = f"{platform.system()} {platform.machine()}"
    if gigabytes is None:
        return Check("machine", "ok", Text(f"{system}, {cores} cores", f"{system}，{cores} 个核心"))
    text = Text(
        f"{system}, {cores} cores, {gigabytes:.1f} GB of memory", f"{system}，{cores} 个核心，内存 {gigabytes:.1f} GB"
    )
    if gigabytes < LITTLE_MEMORY:
        return Check("machine", "warn", text, Text("train on fewer items at a time", "建议减少每次训练的商品数"))
    return Check("machine", "ok", text)


def _memory() -> float | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    except (AttributeError, ValueError, OSError):  # not every system tells
        return None


def _room(folder: Path) -> Check:
    free = shutil.disk_usage(_there(folder)).free / 1e9
    text = Text(
        f"{free:,.1f} GB free where `{folder.resolve()}` is", f"`{folder.resolve()}` 所在磁盘剩余 {free:,.1f} GB"
    )
    if free < LITTLE_ROOM:
        state: State = "fail" if free < NO_ROOM else "warn"
        return Check(
            "disk", state, text, Text("free some space before you load or train", "请先清理磁盘，再导入或训练")
        )
    return Check("disk", "ok", text)


def _writing(folder: Path) -> Check:
    place = _there(folder)
    try:
        with tempfile.TemporaryFile(dir=place):
            return Check("writing", "ok", Text(f"`{place.resolve()}` can be written", f"`{place.resolve()}` 可以写入"))
    except OSError as error:
        text = Text(f"`{place.resolve()}` cannot be written: {error}", f"`{place.resolve()}` 无法写入：{error}")
        hint = Text("check who owns it, or choose another with `--project`", "请检查权限，或用 `--project` 另选文件夹")
        return Check("writing", "fail", text, hint)


def _there(folder: Path) -> Path:
    return next(path for path in (folder.resolve(), *folder.resolve().parents) if path.is_dir())


def _learning() -> Check:
    """Compile and differentiate something tiny: (x - 3)^2 has the slope -6 at 0."""
    began = time.monotonic()
    try:
        import jax

        slope = float(jax.jit(jax.grad(lambda x: (x - 3.0) ** 2))(0.0))
        device = jax.devices()[0].platform
    except Exception as error:  # whatever is wrong with an installation, it is to be told and not to be raised
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        text = Text(f"JAX cannot compute here: {said}", f"JAX 无法在本机运行：{said}")
        return Check(
            "learning",
            "fail",
            text,
            Text("install jax and jaxlib of the same version", "请安装版本一致的 jax 和 jaxlib"),
        )
    seconds = time.monotonic() - began
    if slope != -6.0:
        text = Text(f"JAX computes wrongly: slope {slope:g} instead of -6", f"JAX 计算有误：斜率为 {slope:g}，应为 -6")
        return Check("learning", "fail", text, Text("install jax and jaxlib again", "请重新安装 jax 和 jaxlib"))
    return Check(
        "learning",
        "ok",
        Text(
            f"JAX computes on {device} ({seconds:.1f} s to start)", f"JAX 可用，设备 {device}（启动 {seconds:.1f} 秒）"
        ),
    )


def _settings(project: Path) -> Check:
    path = project / "restock.toml"
    if not path.exists():
        text = Text(f"no `{path}`: every setting is its default", f"没有 `{path}`：所有设置取默认值")
        return Check(
            "settings",
            "warn",
            text,
            Text("`restock init` writes one that explains itself", "`restock init` 会写一份带说明的设置"),
        )
    read_config(path)
    return Check("settings", "ok", Text(f"`{path}` is valid", f"`{path}` 有效"))


def _facts(project: Path) -> Check:
    from restock.storage.facts import FactStore
    from restock.storage.folder import Folder
    from restock.storage.frames import check_hash

    store = FactStore(Folder(project))
    latest = store.latest()
    if latest is None:
        text = Text(f"no facts in `{project}` yet", f"`{project}` 中还没有数据")
        return Check(
            "facts", "warn", text, Text("load some with `restock load FILES`", "请用 `restock load 文件` 导入")
        )
    tables = store.manifest(latest).tables
    for name, part in tables.items():
        check_hash(store.folder.facts / latest / f"{name}.parquet", part.sha256)
    listed = ", ".join(f"{name} {part.rows:,}" for name, part in tables.items())
    return Check("facts", "ok", Text(f"snapshot {latest} is whole: {listed} rows", f"快照 {latest} 完好：{listed} 行"))


def _models(project: Path) -> Check:
    from restock.storage.folder import Folder
    from restock.storage.models import list_models, load_model

    folder = Folder(project)
    names = list_models(folder)
    if not names:
        text = Text(f"no trained policy in `{project}` yet", f"`{project}` 中还没有训练好的策略")
        return Check("models", "warn", text, Text("train one with `restock train`", "请用 `restock train` 训练"))
    for name in names:
        load_model(folder, name)
    text = Text(
        f"{len(names)} trained policies, all readable; the last is {names[-1]}",
        f"{len(names)} 个训练好的策略，均可读取；最后一个是 {names[-1]}",
    )
    return Check("models", "ok", text)
