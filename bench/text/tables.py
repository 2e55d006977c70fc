"""Public tables with short texts, out of packages of data; each with what is predicted. The first two are those that the
rules of `auto` were tuned on, the others only tell."""
import pathlib
import sqlite3
import sys

import bokeh_sampledata
import numpy
import pandas
import vega_datasets

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from measure import PUBLISHED  # noqa: E402

BOKEH = pathlib.Path(bokeh_sampledata.__file__).parent / "_data"
VEGA = pathlib.Path(vega_datasets.__file__).parent / "_data"
MOVIES = """
    SELECT o.Title AS title, o.Year AS year, o.Rating AS rated, o.Runtime AS runtime, o.Genre AS genre,
           o.Director AS director, o.Writer AS writer, o."Cast" AS actors, o.Language AS language, o.Country AS country,
           t.Production AS production, t.Meter AS meter
    FROM omdb o JOIN tomatoes t USING (ID) WHERE t.Meter IS NOT NULL ORDER BY o.ID"""
TUNED_ON = ("movies", "titanic")


def movies():
    with sqlite3.connect(BOKEH / "movies.db") as database:
        return pandas.read_sql(MOVIES, database), "meter"


def titanic():
    return pandas.read_csv(BOKEH / "titanic_all.csv"), "survived = 1"


def airports():
    return pandas.read_csv(VEGA / "airports.csv").drop(columns=["iata", "latitude", "state"]), "longitude"


def planes():
    return pandas.read_csv(PUBLISHED / "planes.csv").drop(columns="tailnum"), "seats"


def tables():
    """{name: (rows, target)}; `part` tells the rows of train, validate and test as dates."""
    made = {}
    for make in (movies, titanic, airports, planes):
        rows, target = make()
        place = numpy.random.default_rng(7).permutation(len(rows)) / len(rows)
        rows["part"] = [f"2020-01-{1 + int(10 * share):02}" for share in place]
        rows["id"] = range(len(rows))
        made[make.__name__] = (rows, target)
    return made
