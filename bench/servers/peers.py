"""The same work without Gristmill: peers.py JOB EXTENSION-DIR URL DIR. Prints one JSON document.

duckdb-join   the join in one warm process of plain DuckDB 1.5.5: once to warm up, then the median of three
duckdb-once   the join once, the process and ATTACH included
duckdb-copy   the large table by COPY … TO parquet
pandas-copy   the large table by read_sql and to_parquet
"""
import json
import pathlib
import statistics
import sys
import time

job, extensions, url, folder = sys.argv[1:]
folder = pathlib.Path(folder)
start = time.perf_counter()


def attached():
    import duckdb
    kind, schema = ("postgres", "public") if url.startswith("postgres") else ("mysql", "ops")
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    connection.execute(f"LOAD '{extensions}/{kind}_scanner.duckdb_extension'")
    connection.execute(f"ATTACH '{url}' AS ops (TYPE {kind}, READ_ONLY)")
    connection.execute(f"CREATE VIEW wide AS SELECT * FROM ops.{schema}.wide")
    connection.execute(f"CREATE VIEW small AS SELECT * FROM '{folder}/small.parquet'")
    return connection


def seconds_of(what):
    begun = time.perf_counter()
    result = what()
    return time.perf_counter() - begun, result


out = {}
if job in ("duckdb-join", "duckdb-once"):
    connection = attached()
    sql = (folder / "plain.sql").read_text()
    row = connection.execute(sql).fetchone()
    if job == "duckdb-join":
        times = [seconds_of(lambda: connection.execute(sql).fetchone())[0] for _ in range(3)]
        out["seconds"] = statistics.median(times)
    out["row"] = [str(cell) for cell in row]
elif job == "duckdb-copy":
    attached().execute(f"COPY (SELECT * FROM wide) TO '{folder}/copy.parquet' (FORMAT parquet)")
elif job == "pandas-copy":
    import pandas
    import sqlalchemy
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
    pandas.read_sql("SELECT * FROM wide", engine).to_parquet(folder / "copy.parquet")
out["total"] = time.perf_counter() - start
print(json.dumps(out))
