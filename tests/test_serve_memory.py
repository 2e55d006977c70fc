"""What one request can make the server hold, and for how long."""
import json
import time

from conftest import GRISTMILL_SERVE, gristmill_json, serving, write_project

PROJECT = """\
project: memory
sources: {s: data.csv}
tables: {t: SELECT * FROM s.data}
clean:
  t:
    - text: {note: [trim, lower, nfc]}
    - regex: {note: {replace: "x", with: "y"}}
    - derive: {grown: "length(replace(note, 'a', note))"}
predict:
  big: {from: t, key: id, target: value > 5, split: {random: true}, model: linear}
"""


def resident(process):
    with open(f"/proc/{process.pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) // 1024  # MiB


def test_a_large_request_does_not_stay_in_memory(tmp_path):
    rows = "".join(f"{i},{i % 11},{'n' * (1 + i % 7)}\n" for i in range(2000))
    (tmp_path / "data.csv").write_text("id,value,note\n" + rows)
    write_project(tmp_path, PROJECT)
    bundle = tmp_path / gristmill_json("run", "-C", tmp_path)["predictions"]["big"]["bundle"]
    with serving(bundle, program=(GRISTMILL_SERVE,), args=("--port", "0", "--threads", "1")) as server:
        def answer(note):
            return server.post({"instances": [{"id": 1, "value": 1, "note": note}]})
        assert answer("n1")[0] == 200
        before = resident(server.process)
        assert answer("b" * (15 << 20))[0] == 200
        assert resident(server.process) < before + 64
        start = time.monotonic()
        status, body = answer("a" * 50_000)  # each of them becomes all of them
        assert status == 422 and "16 MiB" in json.dumps(body), (status, body)
        assert time.monotonic() - start < 5 and resident(server.process) < before + 64
        assert answer("n1")[0] == 200
