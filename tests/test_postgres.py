"""The servers that tests with PostgreSQL run on do what those tests rely on."""

import asyncio

import asyncpg
import pytest

from tests.postgres import PostgresServer, postgres_cluster


async def test_each_test_has_a_schema_of_its_own(
    postgres: str, postgres_server: PostgresServer
) -> None:
    connection = await asyncpg.connect(postgres)
    try:
        await connection.execute("create table notes (line text)")
        with postgres_server.schema() as other:
            elsewhere = await asyncpg.connect(other)
            try:
                assert await elsewhere.fetchval("select to_regclass('notes')") is None
            finally:
                await elsewhere.close()
        assert await connection.fetchval("select count(*) from notes") == 0
    finally:
        await connection.close()


@pytest.mark.slow
def test_a_server_that_was_killed_has_what_was_committed_and_its_standby_as_well() -> None:
    with postgres_cluster() as server:
        server.sql("create table notes (line text)", "insert into notes values ('one')")

        async def killed_under_a_connection() -> None:
            connection = await asyncpg.connect(server.dsn)
            await asyncio.to_thread(server.kill)
            with pytest.raises((asyncpg.InterfaceError, asyncpg.PostgresError, OSError)):
                await connection.fetchval("select 1")
            connection.terminate()

        asyncio.run(killed_under_a_connection())
        server.start()
        assert server.sql("select * from notes") == "one"

        standby = server.standby()
        try:
            server.sql("insert into notes values ('two')")
            server.kill()
            standby.promote()
            standby.sql("insert into notes values ('three')")
            assert standby.sql("select * from notes").split() == ["one", "two", "three"]
        finally:
            standby.close()
