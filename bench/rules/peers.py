"""The rules of gristmill.yaml without Gristmill: peers.py pandas|polars DIR. Prints one JSON line: seconds, and by column
the nulls and a sum to compare with others. Reading is not timed."""
import json
import pathlib
import sys
import time

job, folder = sys.argv[1], pathlib.Path(sys.argv[2])
KINDS = {"k0": "zero", "k1": "one", "k2": None}


def by_pandas(rows, stores):
    rows["note"] = rows["note"].mask(rows["note"].isin(["", "N/A"]))
    rows["temp"] = rows["temp"].where(rows["temp"].between(-40, 60))
    plain = rows["price"].str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    rows["price"] = pandas.to_numeric(plain, errors="coerce")
    rows["kind"] = rows["kind"].map(KINDS).where(rows["kind"].isin(list(KINDS)), rows["kind"])
    rows["city"] = rows["city"].str.strip().str.lower()
    rows["weight"] = rows["weight"].str.extract("([0-9]+) kg", expand=False)
    rows["speed"] = rows["speed"].clip(0, 300)
    rows["pace"] = rows["distance"] / rows["speed"].clip(lower=1)
    rows["area"] = rows["store"].map(stores.set_index("store")["area"])
    rows["amount"] = rows["amount"].fillna(0)
    return rows


def by_polars(rows, stores):
    column = polars.col
    return rows.with_columns(
        note=polars.when(column("note").is_in(["", "N/A"])).then(None).otherwise(column("note")),
        temp=polars.when(column("temp").is_between(-40, 60)).then(column("temp")),
        price=column("price").str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True).cast(
            polars.Float64, strict=False),
        kind=column("kind").replace(KINDS),
        city=column("city").str.strip_chars().str.to_lowercase(),
        weight=column("weight").str.extract("([0-9]+) kg", 1),
        speed=column("speed").clip(0, 300),
        amount=column("amount").fill_null(0),
    ).with_columns(pace=column("distance") / polars.max_horizontal("speed", 1)).join(
        stores, on="store", how="left", maintain_order="left")


if job == "pandas":
    import pandas
    table = pandas.read_parquet(folder / "rows.parquet")
    reference = pandas.read_parquet(folder / "stores.parquet")
    start = time.perf_counter()
    table = by_pandas(table, reference)
    seconds = time.perf_counter() - start
    sums = {name: [int(table[name].isna().sum()), float((table[name].str.len() if table[name].dtype in ("object", "str")
                                                         else table[name]).sum())] for name in table.columns}
else:
    import polars
    table, reference = polars.read_parquet(folder / "rows.parquet"), polars.read_parquet(folder / "stores.parquet")
    start = time.perf_counter()
    table = by_polars(table, reference)
    seconds = time.perf_counter() - start
    sums = {name: [table[name].null_count(), float((table[name].str.len_bytes() if table[name].dtype == polars.String
                                                    else table[name]).sum())] for name in table.columns}
print(json.dumps({"seconds": seconds, "sums": sums}))
