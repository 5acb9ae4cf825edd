//! Hooks of conftest.py, loops that a project chooses, and the root of a project.

use super::Folder;

#[test]
fn hooks_of_conftest_are_called_by_the_names_of_their_arguments() {
    let folder = Folder::with(&[
        (
            "conftest.py",
            "import pytest\nlog = []\n\
             def pytest_runtest_setup(): log.append('setup')\n\
             def pytest_runtest_teardown(item, nextitem): log.append(f'{item.name} before {nextitem and nextitem.name}')\n\
             @pytest.hookimpl(wrapper=True)\n\
             def pytest_runtest_call(item):\n    log.append('call')\n    result = yield\n    log.append('called')\n    return result\n\
             def pytest_collection_finish(session): log.append(len(session.items))\n\
             def pytest_sessionfinish(session, exitstatus):\n    open('end', 'w').write(str(exitstatus))\n",
        ),
        (
            "test_it.py",
            "from conftest import log\n\
             def test_first(): pass\n\
             def test_second():\n    assert log == [2, 'setup', 'call', 'called', 'test_first before test_second', 'setup', 'call']\n",
        ),
    ]);
    let run = folder.test(&["-v"]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    assert_eq!(folder.read("end").as_deref(), Some("0"));
}

#[test]
fn a_project_chooses_its_loop() {
    let test = "import asyncio\nfrom conftest import Loop\n\
                async def test_loop(): assert type(asyncio.get_running_loop()) is Loop\n";
    let own = "import asyncio, pytest\nclass Loop(asyncio.SelectorEventLoop): pass\n";
    let by_hook = format!("{own}def pytest_asyncio_loop_factories(): return {{'own': Loop}}\n");
    let by_policy = format!(
        "{own}class Policy(asyncio.DefaultEventLoopPolicy):\n    _loop_factory = Loop\n\
         @pytest.fixture\ndef event_loop_policy(): return Policy()\n"
    );
    for conftest in [by_hook, by_policy] {
        let folder = Folder::with(&[("conftest.py", &conftest), ("test_it.py", test)]);
        let run = folder.test(&["-v"]);
        assert_eq!(run.status, 0, "{}{}", run.out, run.err);
        run.has(&["test_it.py::test_loop", "1 passed"]);
    }
}

#[test]
fn fixtures_keep_things_in_the_keywords_of_a_test() {
    let folder = Folder::with(&[
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\npython_files = ['tests/*case_*.py']\n",
        ),
        (
            "tests/case_it.py",
            "import pytest\n\
             @pytest.fixture(params=[(1, 2), (3, 4)])\n\
             def node(request):\n    request.keywords['expected'] = request.param[1]\n    return request.param[0]\n\
             @pytest.fixture\ndef expected(request, node): return request.keywords['expected']\n\
             def test_it(node, expected): assert node + 1 == expected\n",
        ),
    ]);
    let run = folder.test(&["-v", "--format", "junit"]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    run.has(&["classname=\"tests.case_it\" name=\"test_it[node0]\""]);
}

#[test]
fn the_standard_streams_stay_the_same_objects() {
    let folder = Folder::with(&[(
        "test_it.py",
        "import sys\nkept = sys.stdout\n\
         def test_first(): assert sys.stdout is kept; print('noise')\n\
         def test_close(): sys.stdout.close()\n\
         def test_second(capsys): print('x'); assert capsys.readouterr().out == 'x\\n'\n",
    )]);
    let run = folder.test(&[]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
}

#[test]
fn the_root_is_found_from_inside_of_tests() {
    let folder = Folder::with(&[
        ("lib/thing.py", "value = 1\n"),
        ("tests/helper.py", "value = 2\n"),
        (
            "tests/unit/test_it.py",
            "import helper\nfrom lib.thing import value\ndef test_it(): assert value + 1 == helper.value\n",
        ),
    ]);
    let run = folder.test_in(&folder.path("tests"), &[]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
}

#[test]
fn an_installed_pytest_is_not_looked_at() {
    let folder = Folder::with(&[
        ("pytest/__init__.py", "raise RuntimeError('not this one')\n"),
        (
            "test_it.py",
            "import pytest\ndef test_it(): assert pytest.approx(1) == 1\n",
        ),
    ]);
    let run = folder.test(&[]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
}

#[test]
fn files_of_the_old_form_say_how_tests_are_called() {
    let test = "class BlockTest:\n    def check_it(self): pass\n    def test_not(self): assert 0\n\
                class Other:\n    def check_not(self): assert 0\n\
                import pytest\n@pytest.mark.slow\ndef check_slow(): assert 0\n\
                def check_function(): pass\n";
    for (file, section) in [
        ("setup.cfg", "[metadata]\nname = x\n[tool:pytest]\n"),
        ("tox.ini", "[tox]\nenvlist =\n    a\n[pytest]\n"),
        ("pytest.ini", "[pytest]\n"),
    ] {
        let settings = format!(
            "{section}# how they are called\npython_files = check_*.py\n    case_*.py\npython_classes = *Test\n\
             python_functions = check\naddopts = -ra -m \"not slow\" --ignore=case_bad.py\nmarkers =\n    slow: takes long\n"
        );
        let folder = Folder::with(&[
            (file, &settings),
            ("case_it.py", test),
            ("case_bad.py", "assert 0\n"),
            ("test_other.py", "def test_it(): assert 0\n"),
        ]);
        let run = folder.test(&["-v"]);
        assert_eq!(run.status, 0, "{file}: {}{}", run.out, run.err);
        run.has(&[
            "case_it.py::BlockTest::check_it",
            "case_it.py::check_function",
            "2 passed",
        ]);
    }
}

#[test]
fn parts_of_a_test_fail_on_their_own() {
    let folder = Folder::with(&[(
        "test_it.py",
        "import pytest\n\
         def test_parts(subtests):\n    for i in range(4):\n        with subtests.test('odd', i=i):\n            \
         if i == 2: pytest.skip()\n            assert i % 2 == 0\n    print('went on')\n\
         @pytest.mark.xfail\ndef test_expected(subtests):\n    with subtests.test(): assert 0\n\
         def test_fine(subtests):\n    with subtests.test(): pass\n",
    )]);
    let run = folder.test(&["-v"]);
    assert_eq!(run.status, 1, "{}{}", run.out, run.err);
    run.has(&[
        "in subtest [odd] (i=1)",
        "in subtest [odd] (i=3)",
        "went on",
        "1 failed, 1 passed, 1 failed as expected",
    ]);
}

#[test]
fn empty_texts_show_in_names_and_names_can_be_typed_back() {
    let folder = Folder::with(&[(
        "test_it.py",
        "import pytest\n\
         @pytest.mark.parametrize('a', ['', 'x y', \"it's\"])\n\
         @pytest.mark.parametrize('b', [1, pytest.param(2, id='')])\n\
         @pytest.mark.parametrize('c', [pytest.param(3, id=pytest.HIDDEN_PARAM)])\n\
         def test_it(a, b, c): assert 0\n",
    )]);
    let run = folder.test(&[]);
    run.has(&[
        "'test_it.py::test_it[1-]'",
        "'test_it.py::test_it[-]'",
        "'test_it.py::test_it[1-x y]'",
        "'test_it.py::test_it[1-it'\\''s]'",
    ]);
    let one = folder.test(&["test_it.py::test_it[1-]"]);
    one.has(&["1 failed"]);
}

#[test]
fn marks_that_nothing_declares_are_warned_of() {
    let folder = Folder::with(&[
        (
            "pytest.ini",
            "[pytest]\nmarkers =\n    slow: takes long\n    net(host): needs a net\n",
        ),
        (
            "conftest.py",
            "def pytest_configure(config):\n    config.addinivalue_line('markers', 'early: comes first')\n",
        ),
        (
            "test_it.py",
            "import pytest, warnings\n\
             pytestmark = [pytest.mark.slow, pytest.mark.net('h'), pytest.mark.early, pytest.mark.asyncio]\n\
             @pytest.mark.slwo\ndef test_it(): pass\n\
             warnings.warn('while it loads')\n\
             def test_bytes(): assert b'ab' == b'ac'\n",
        ),
    ]);
    let run = folder.test(&[]);
    run.has(&[
        "test_it.py:3: PytestUnknownMarkWarning: Unknown pytest.mark.slwo - is this a typo?",
        "test_it.py:5: UserWarning: while it loads",
        "at index 1: b'b' != b'c'",
        "1 failed, 1 passed, 2 warnings",
    ]);
    let strict = folder.test(&["-k", "test_it", "--strict"]);
    assert_eq!(strict.status, 1, "{}", strict.out);
}

#[test]
fn a_forgotten_await_is_told_of_the_test_that_made_it() {
    let folder = Folder::with(&[(
        "test_it.py",
        "async def check(): assert 0\n\
         async def test_first():\n    c = check()\n\
         def test_second(): pass\n\
         async def test_third(): pass\n",
    )]);
    let run = folder.test(&[]);
    run.has(&["WARNING test_it.py::test_first\n", "3 passed, 1 warning"]);
}
