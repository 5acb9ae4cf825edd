//! Ids and the order of tests with parameters, as pytest has them.

use super::Folder;

const TESTS: &str = r#"
import pytest

@pytest.fixture(params=["S1", "S2"], scope="session")
def wide(request):
    return request.param

@pytest.fixture(params=[1, 2])
def narrow(request, wide):
    return request.param

@pytest.mark.parametrize("given", ["a", "b"])
def test_given(given, narrow): pass

def test_plain(): pass

def test_wide(wide): pass

@pytest.mark.parametrize("each", [1, 2], scope="module")
def test_one(each): pass

@pytest.mark.parametrize("each", [1, 2], scope="module")
def test_two(each): pass
"#;

/// What pytest 8 prints for `TESTS`.
const ORDER: &[&str] = &[
    "test_given[S1-1-a]",
    "test_given[S1-1-b]",
    "test_given[S1-2-a]",
    "test_given[S1-2-b]",
    "test_wide[S1]",
    "test_given[S2-1-a]",
    "test_given[S2-1-b]",
    "test_given[S2-2-a]",
    "test_given[S2-2-b]",
    "test_wide[S2]",
    "test_plain",
    "test_one[1]",
    "test_two[1]",
    "test_one[2]",
    "test_two[2]",
];

#[test]
fn tests_that_share_a_parameter_of_a_wide_fixture_run_together() {
    let folder = Folder::with(&[("test_order.py", TESTS)]);
    let run = folder.test(&["-v"]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    let names = run.out.lines().filter_map(|line| {
        let (_, rest) = line.strip_prefix("ok ")?.split_once("::")?;
        rest.split(' ').next()
    });
    assert_eq!(names.collect::<Vec<_>>(), ORDER);
}

#[test]
fn tmpdir_has_the_methods_of_paths() {
    let tests = r#"
def test_paths(tmpdir):
    file = tmpdir.join("a", "b.txt")
    file.write("one\ntwo\n", ensure=True)
    with file.open() as opened:
        assert opened.readline() == "one\n"
    assert file.readlines(cr=0) == ["one", "two"] and file.size() == 8
    assert (file.ext, file.purebasename, file.relto(tmpdir)) == (".txt", "b", "a/b.txt")
    assert file.dirpath() == tmpdir / "a" and file.new(ext="py").basename == "b.py"
    assert file.check(file=1) and tmpdir.check(dir=1) and not file.check(link=1)
    tmpdir.mkdir("c")
    file.copy(tmpdir / "c")
    assert [path.relto(tmpdir) for path in tmpdir.visit("*.txt")] == ["a/b.txt", "c/b.txt"]
    with (tmpdir / "c").as_cwd():
        assert open("b.txt").read() == file.read()
    (tmpdir / "c").remove()
    assert [path.basename for path in tmpdir.listdir()] == ["a"]
"#;
    let folder = Folder::with(&[("test_paths.py", tests)]);
    let run = folder.test(&[]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
}
