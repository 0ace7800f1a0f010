"""The connection to the state, its transactions, and the version of its tables."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from restock.errors import StorageError, UsageError
from restock.language import Text
from restock.storage.folder import Folder, explained, one_at_a_time

HEAD = "0001"  # of the migrations; a test compares it with them
BUSY = 15.0  # seconds to wait for another writer
PAUSE = 0.01  # seconds between two tries
LOCK = 7_378_437  # of PostgreSQL, while tables are made; any number that nobody else uses


@dataclass(frozen=True)
class State:
    """The open state of a project."""

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        """One file, one writer at a time."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Look at the state as it is at one moment.

        Raises:
            StorageError: the database cannot be reached.
        """
        with in_words(self.engine.url), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Change it: everything inside happens, or nothing does.

        Raises:
            StorageError: the database cannot be reached, is full, or is held by somebody else.
        """
        engine = self.engine.execution_options(write=True)
        with in_words(self.engine.url), Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def connect(folder: Folder, address: str = "") -> State:
    """The state as it is, whatever the version of its tables.

    Args:
        address: URL of a PostgreSQL database; empty: `state.db` in the folder.

    Raises:
        UsageError: the address is none.
    """
    url = _url(folder, address)
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(url, pool_pre_ping=True, pool_size=10, connect_args={"connect_timeout": 5})
    return State(engine)


def open_state(folder: Folder, address: str = "") -> State:
    """The state, ready for work; a new one comes into being with its first use.

    Raises:
        StorageError: it cannot be reached, or its tables are of another version.
    """
    state = connect(folder, address)
    found = version_of(state)
    if found is None:
        upgrade(state, folder)
    elif found != HEAD:
        state.close()
        raise _other_version(found)
    return state


def version_of(state: State) -> str | None:
    """The version of the tables; none where there are none."""
    with in_words(state.engine.url), state.engine.connect() as connection:
        return _version(connection)


def upgrade(state: State, folder: Folder) -> tuple[str | None, str]:
    """Bring the tables to this program's version; returns the versions before and after.

    Raises:
        StorageError: the state cannot be reached, or is of a newer program.
    """
    with _alone(state, folder), in_words(state.engine.url), state.engine.connect() as connection:
        if not state.is_sqlite:
            connection.execute(text(f"select pg_advisory_lock({LOCK})"))
            connection.commit()
        try:
            before = _version(connection)
            connection.rollback()
            if before is not None and before > HEAD:
                raise _other_version(before)
            if before != HEAD:
                _migrate(connection)
        finally:
            connection.rollback()
            if not state.is_sqlite:
                connection.execute(text(f"select pg_advisory_unlock({LOCK})"))
                connection.commit()
    return before, HEAD


@contextmanager
def in_words(url: URL) -> Iterator[None]:
    """Turn what a database says into words that a user can act on.

    Raises:
        StorageError: instead of the driver's error.
    """
    try:
        yield
    except DBAPIError as error:
        place, said = url.render_as_string(hide_password=True), str(error.orig).strip().splitlines()[0]
        if "locked" in said or "lock timeout" in said:
            what = Text(
                f"another program has held `{place}` for more than {BUSY:g} seconds",
                f"另一个程序占用 `{place}` 已超过 {BUSY:g} 秒",
            )
            hint = Text("try again; nothing was changed", "请重试；现有数据没有改动")
        elif "full" in said or "No space" in said:
            what = Text(f"no room to write `{place}`: {said}", f"磁盘空间不足，无法写入 `{place}`：{said}")
            hint = Text("free some space and try again; nothing was changed", "请清理磁盘后重试；现有数据没有改动")
        elif error.connection_invalidated or type(error).__name__ == "OperationalError":
            what = Text(f"the database `{place}` cannot be reached: {said}", f"无法连接数据库 `{place}`：{said}")
            hint = Text("start it again, then repeat; nothing was changed", "请启动数据库后重试；现有数据没有改动")
        else:
            raise
        raise StorageError(what, hint=hint) from error


def _url(folder: Folder, address: str) -> URL:
    if not address:
        with explained(folder.path):
            folder.path.mkdir(parents=True, exist_ok=True)
        return URL.create("sqlite+pysqlite", database=str(folder.state))
    try:
        url = make_url(address)
        if url.get_backend_name() == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", "postgresql"):
        raise UsageError(
            Text("the address of the database is not understood", "无法识别数据库地址"),
            hint=Text(
                "write `postgresql://user:password@host/name`, or nothing for a file in the project's folder",
                "请写成 `postgresql://用户:密码@主机/库名`；留空则使用项目文件夹中的文件",
            ),
        )
    return url


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says
    _keep_log(connection)
    for pragma in ("foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def _keep_log(connection: Any) -> None:
    """Have a write-ahead log. Of several who switch a new file at once SQLite refuses all but one without waiting."""
    until = time.monotonic() + BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(PAUSE)


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its place at the start: two that read first and write later could never both go on.
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
    connection.commit()


@contextmanager
def _alone(state: State, folder: Folder) -> Iterator[None]:
    if not state.is_sqlite:
        yield
        return
    with one_at_a_time(folder.state):
        yield


def _other_version(found: str) -> StorageError:
    older = found < HEAD
    return StorageError(
        Text(
            f"the state has version {found} of the tables, this program needs {HEAD}",
            f"状态库的表结构版本为 {found}，本程序需要 {HEAD}",
        ),
        hint=Text(
            "`restock db backup`, then `restock db upgrade`" if older else "use the newer version of restock",
            "先运行 `restock db backup`，再运行 `restock db upgrade`" if older else "请使用较新版本的 restock",
        ),
    )
