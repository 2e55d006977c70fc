"""The rooms of src/ include one another only as docs/architecture.md says."""
import check_includes


def test_doors():
    assert check_includes.check() == []


def test_a_forbidden_door_is_found(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "src/base").mkdir(parents=True)
    (tmp_path / "docs/architecture.md").write_text("| base | x | – |\n| frame | x | base |\n")
    (tmp_path / "src/CMakeLists.txt").write_text("gristmill_room(base LINKS frame)\n")
    (tmp_path / "src/base/a.cc").write_text('#include "frame/b.h"\n')
    assert len(check_includes.check(tmp_path)) == 2
