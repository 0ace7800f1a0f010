"""The state itself: its tables, transactions, and what is said when the database is not there."""

import sqlite3
import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from restock.errors import ConflictError, StorageError, UsageError
from restock.storage.folder import Folder
from restock.storage.state import copies, database
from restock.storage.state.database import HEAD, connect, open_state, upgrade, version_of
from restock.storage.state.tables import Audit, Comment, Snooze, Table, User

AT = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


def user(name="ada"):
    return User(name=name, role="admin", password=None, active=True, language="zh", created=AT)


def test_the_migrations_make_the_tables_that_the_program_uses(state):
    with state.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_the_version_that_the_program_wants_is_the_last_migration(state):
    settings = Config()
    settings.set_main_option("script_location", str(database.Path(database.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(settings).get_heads() == [HEAD]
    assert version_of(state) == HEAD


def test_a_moment_comes_back_in_utc_whatever_zone_it_was_written_in(state):
    shanghai = AT.astimezone(timezone(timedelta(hours=8)))
    with state.write() as session:
        session.add(User(name="ada", role="admin", password=None, active=True, language="en", created=shanghai))
    with state.read() as session:
        kept = session.scalar(select(User.created))
    assert kept == AT
    assert kept.utcoffset() == timedelta(0)


def test_a_transaction_that_fails_leaves_nothing(state):
    def fail():
        with state.write() as session:
            session.add(user())
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with state.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 0


def test_many_writers_at_once_lose_nothing(state):
    def write(number):
        for turn in range(5):
            with state.write() as session:
                entry = Audit(at=AT, actor=f"w{number}", via="cli", action="x", kind="k", object=str(turn), details={})
                session.add(entry)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with state.read() as session:
        assert session.scalar(select(func.count()).select_from(Audit)) == 40


def test_a_second_upgrade_changes_nothing(state, tmp_path):
    assert upgrade(state, Folder(tmp_path / "shop")) == (HEAD, HEAD)


def test_many_who_open_a_new_state_at_once_make_it_once(tmp_path, postgres):
    for address in ("", postgres.new_database()):
        failed = []

        def open_it(address=address, failed=failed):
            try:
                open_state(Folder(tmp_path), address).close()
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=open_it) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []


def test_many_who_connect_to_a_new_file_at_the_same_moment_wait_for_each_other(tmp_path):
    failed = []
    for number in range(30):
        start = threading.Barrier(6)

        def connect_it(folder=Folder(tmp_path / str(number)), start=start):
            state = connect(folder)
            start.wait()
            try:
                state.engine.connect().close()
            except Exception as error:
                failed.append(error)
            state.close()

        threads = [threading.Thread(target=connect_it) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


@pytest.mark.parametrize(("version", "hint"), [("0000", "db upgrade"), ("9999", "newer version")])
def test_tables_of_another_version_are_refused(tmp_path, version, hint):
    open_state(Folder(tmp_path)).close()
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("update alembic_version set version_num = ?", (version,))
    connection.close()
    with pytest.raises(StorageError, match=f"version {version} of the tables") as error:
        open_state(Folder(tmp_path))
    assert hint in error.value.hint.en


@pytest.mark.parametrize("address", ["nonsense", "mysql://x/y", "postgres//x", "oracle://a@b/c"])
def test_an_address_that_is_none_is_told(tmp_path, address):
    with pytest.raises(UsageError, match="not understood"):
        connect(Folder(tmp_path), address)


def test_a_database_that_is_away_is_told_without_its_password(tmp_path):
    from databases import free_port

    with pytest.raises(StorageError, match="cannot be reached") as error:
        open_state(Folder(tmp_path), f"postgresql://ada:hidden@127.0.0.1:{free_port()}/shop")
    assert "hidden" not in error.value.message.en + error.value.message.zh


@pytest.mark.slow
def test_a_database_that_went_away_and_came_back_is_used_again(postgres, tmp_path):
    state = open_state(Folder(tmp_path), postgres.new_database())
    with state.write() as session:
        session.add(user())
    postgres.control("stop", "-m", "immediate")
    try:
        with pytest.raises(StorageError, match="cannot be reached"), state.write() as session:
            session.add(user("bob"))
    finally:
        postgres.control("start")
    with state.write() as session:
        session.add(user("cleo"))
    with state.read() as session:
        assert sorted(session.scalars(select(User.name))) == ["ada", "cleo"]
    state.close()


def test_a_full_disk_changes_nothing_and_is_told(tmp_path):
    state = open_state(Folder(tmp_path))
    with state.engine.connect() as connection:
        pages = connection.exec_driver_sql("pragma page_count").scalar()
    from sqlalchemy import event

    event.listen(state.engine, "checkout", lambda raw, *_: raw.execute(f"pragma max_page_count = {pages + 2}"))
    state.engine.dispose()
    with pytest.raises(StorageError, match="no room"), state.write() as session:
        session.add_all(user(f"u{number}") for number in range(5000))
    with state.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 0
    state.close()


def test_a_backup_comes_back_as_it_was(state, tmp_path):
    fill(state)
    counts = copies.backup(state, tmp_path / "copy.zip")
    assert {name: rows for name, rows in counts.items() if rows} == {
        "users": 1,
        "audit": 2,
        "snoozes": 1,
        "comments": 1,
    }
    with state.write() as session:
        session.add(user("late"))
    with pytest.raises(ConflictError, match="not empty"):
        copies.restore(state, tmp_path / "copy.zip")
    copies.restore(state, tmp_path / "copy.zip", replace=True)
    check(state)


def test_a_backup_moves_from_a_file_to_postgres_and_back(tmp_path, postgres, migrated):
    first = open_state(Folder(tmp_path / "a"))
    fill(first)
    server = open_state(Folder(tmp_path / "b"), postgres.new_database(migrated))
    back = open_state(Folder(tmp_path / "c"))
    copies.backup(first, tmp_path / "1.zip")
    copies.restore(server, tmp_path / "1.zip")
    check(server)
    copies.backup(server, tmp_path / "2.zip")
    copies.restore(back, tmp_path / "2.zip")
    check(back)
    for opened in (first, server, back):
        opened.close()


def test_what_is_no_backup_is_refused(state, tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK nothing")
    with pytest.raises(UsageError, match="no backup"):
        copies.restore(state, path)
    with pytest.raises(StorageError, match="missing"):
        copies.restore(state, tmp_path / "none.zip")


def fill(state):
    with state.write() as session:
        session.add(user())
        session.add(Snooze(item="茶", site="SH", until=date(2026, 12, 1), reason=None, author="ada", at=AT, ended=None))
        session.add(Comment(item="茶", site="SH", line_id=None, text='"quoted"\nline', author="ada", at=AT))
        for details in ({"n": 1.5, "zh": "好"}, {}):
            session.add(Audit(at=AT, actor="ada", via="cli", action="x", kind="k", object="o", details=details))


def check(state):
    with state.write() as session:  # new ids go on behind the old ones
        session.add(Audit(at=AT, actor="bob", via="cli", action="x", kind="k", object="o", details={}))
    with state.read() as session:
        (only,) = session.scalars(select(User))
        assert (only.name, only.created, only.language) == ("ada", AT, "zh")
        assert session.scalar(select(Snooze.until)) == date(2026, 12, 1)
        assert session.scalar(select(Comment.text)) == '"quoted"\nline'
        kept = [entry.details for entry in session.scalars(select(Audit).order_by(Audit.id))]
        assert kept[:2] == [{"n": 1.5, "zh": "好"}, {}]
