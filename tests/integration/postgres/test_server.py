"""The private server that tests of PostgreSQL stand on."""

import psycopg

from millhand.testing.postgres import PostgresServer


def test_makes_databases_that_know_nothing_of_one_another(postgres: PostgresServer) -> None:
    first, second = postgres.fresh(), postgres.fresh()
    with psycopg.connect(first) as connection:
        connection.execute("create table here (id int)")
    with psycopg.connect(second) as connection:
        found = connection.execute("select count(*) from pg_tables where tablename = 'here'").fetchone()
    for url in (first, second):
        postgres.drop(url)
    assert found == (0,)
