"""Makes the *.arrow files beside it with pyarrow (26.0): python3 make_arrow.py"""

import datetime
import decimal
import pathlib

import pyarrow as pa

HERE = pathlib.Path(__file__).parent

utc = datetime.timezone.utc
table = pa.table({
    "i8": pa.array([1, None, -3], pa.int8()),
    "skipped": pa.array([[{"a": "x", "b": [1]}], None, []],
                        pa.list_(pa.struct([("a", pa.string()), ("b", pa.list_(pa.int32()))]))),
    "u16": pa.array([65535, 0, None], pa.uint16()),
    "u64": pa.array([2**63 - 1, 0, 1], pa.uint64()),
    "f16": pa.array([1.5, None, -2.0], pa.float16()),
    "f32": pa.array([0.25, 1e30, None], pa.float32()),
    "whole": pa.array([1.0, None, -4e15], pa.float64()),
    "flag": pa.array([True, None, False]),
    "d18": pa.array([decimal.Decimal("0.1"), None, decimal.Decimal("-9999999999999999.99")],
                    pa.decimal128(18, 2)),
    "text": pa.array(["a", None, "ünï"]),
    "large": pa.array(["", "b" * 40, None], pa.large_string()),
    "view": pa.array(["short", "a text beyond twelve bytes", None], pa.string_view()),
    "skipped_view": pa.array([b"a text beyond twelve bytes", None, b""], pa.binary_view()),
    "word": pa.array(["x", None, "y"]).dictionary_encode(),
    "day": pa.array([datetime.date(1969, 12, 31), None, datetime.date(2013, 2, 28)]),
    "day64": pa.array([datetime.date(1969, 12, 31), None, datetime.date(2013, 2, 28)], pa.date64()),
    "at_s": pa.array([datetime.datetime(2013, 1, 1, 5), None, None], pa.timestamp("s")),
    "at_ms": pa.array([datetime.datetime(1960, 1, 1, 5, 0, 0, 1000), None, None],
                      pa.timestamp("ms")),
    "at_ns": pa.array([-1, 1999, None], pa.timestamp("ns")),
    "instant": pa.array([datetime.datetime(2013, 1, 1, 5, tzinfo=utc), None, None],
                        pa.timestamp("us", "America/New_York")),
    "nothing": pa.nulls(3),
})


def write(name, table, file=False, **options):
    make = pa.ipc.new_file if file else pa.ipc.new_stream
    with make(str(HERE / f"{name}.arrow"), table.schema,
              options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)


write("types", table)
write("types_file", table, file=True)
write("types_zstd", table, compression="zstd")
write("types_lz4", table, compression="lz4")

words = pa.dictionary(pa.int8(), pa.string())
with pa.ipc.new_stream(str(HERE / "dictionaries.arrow"), pa.schema([("word", words)]),
                       options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)) as writer:
    for indices, values in [([0, 1], ["a", "b"]), ([2, None, 0], ["a", "b", "c"]), ([0], ["z"])]:
        writer.write_batch(pa.record_batch(
            [pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), pa.array(values))],
            schema=pa.schema([("word", words)])))
