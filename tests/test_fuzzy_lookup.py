"""Names joined by similarity: in training, in a file and in a request alike; doubtful pairs are reported."""
import csv
import json

from conftest import gristmill, gristmill_json, serving, write_project

COMPANIES = [("Acme Corporation", 1, 40.0), ("Müller & Söhne GmbH", 2, 55.0), ("Globex Trading Ltd.", 3, 10.0),
             ("Globax Trading Ltd.", 4, 90.0), ("International Business Machines", 5, 70.0)]
# What people write, and the company that is meant; None: not certain, or none.
WRITTEN = {"ACME corporation": 1, "Acme Corproation": 1, "Corporation, Acme": 1, "Muller & Sohne GMBH": 2,
           "Globex Trading Ltd": 3, "globax trading ltd": 4, "Internationl Busines Machines": 5,
           "Globix Trading Ltd": None, "Initech": None, "": None}

PROJECT = """\
project: companies
sources: {d: data/*.csv}
clean:
  d.orders:
    - fuzzy_lookup: {table: d.companies, by: {company: name}, take: {company_id: id, size: size}}
predict:
  delay_of: {from: d.orders, key: id, inputs: [size], target: delay, split: {random: true}, model: linear}
"""


def write(folder):
    (folder / "data").mkdir()
    sizes = {number: size for _, number, size in COMPANIES}
    with open(folder / "data/companies.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("name", "id", "size"), *COMPANIES])
    with open(folder / "data/orders.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "company", "delay"))
        for i in range(1000):
            name, number = list(WRITTEN.items())[i % len(WRITTEN)]
            rows.writerow((i, name, sizes.get(number, 20) * 2 + i % 3))
    write_project(folder, PROJECT)


def test_one_answer_in_training_in_a_file_and_in_a_request(tmp_path):
    write(tmp_path)
    text = gristmill("run", "-C", tmp_path).stdout
    (rule,) = gristmill_json("run", "-C", tmp_path)["predictions"]["delay_of"]["rules"]
    report = rule["report"]
    matched = sum(number is not None for number in WRITTEN.values())
    assert report["rows"] == 1000 and report["rows_touched"] == 100 * matched
    assert report["cells_doubtful"] == 100 and report["cells_unmatched"] == 200
    assert report["doubtful"][0] == {"row": 8, "column": "company", "before": '"Globix Trading Ltd"',
                                     "after": '"globax trading ltd" 0.94, "globex trading ltd" 0.94'}
    assert len(report["doubtful"]) == 20
    assert "fuzzy_lookup: 700 of 1,000 rows" in text and "200 without a match, 100 doubtful" in text
    assert 'doubtful: row 8, company: "Globix Trading Ltd" is like "globax trading ltd" 0.94' in text

    gristmill("predict", "delay_of", tmp_path / "data/orders.csv", "-C", tmp_path, "-o", tmp_path / "answers.jsonl")
    answers = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    by_company = {}
    for answer in answers:
        name = list(WRITTEN)[answer["id"] % len(WRITTEN)]
        assert by_company.setdefault(name, answer["prediction"]) == answer["prediction"]
    with serving(tmp_path / ".gristmill/bundles/delay_of.bundle") as server:
        for name, prediction in by_company.items():
            status, answer = server.post({"instances": [{"id": 1, "company": name or None}]})
            assert status == 200 and answer["predictions"][0]["prediction"] == prediction, name
    # One prediction a company, and one of what is none.
    assert len(set(by_company.values())) == len(set(WRITTEN.values()))
    assert by_company["Globix Trading Ltd"] == by_company["Initech"]


def test_preview_shows_what_is_taken(tmp_path):
    write(tmp_path)
    preview = gristmill_json("preview", "d.orders", "fuzzy_lookup", "-n", "3", "-C", tmp_path)
    assert preview["rules"][0]["kind"] == "fuzzy_lookup"
    assert gristmill("preview", "d.orders", "fuzzy_lookup", "-C", tmp_path).returncode == 0
