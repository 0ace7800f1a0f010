"""Alembic runs this; the connection comes from `database.upgrade`."""

from alembic import context

from restock.storage.state.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
