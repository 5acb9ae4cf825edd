//! docs/library: the pages that say what programs can name, written from the natives' declarations and the docstrings of the
//! modules in apy.
//!
//! The texts live where the things are declared (`Native`, `Getter`, `NativeType`, `NativeModule`; docstrings), which the
//! compiler insists on; `library/pages.rs` says which page shows what. `BLESS=1 cargo test --test library` writes the
//! pages, without it this fails when one is out of date, and when a name that programs can see is on no page.

#[path = "library/markdown.rs"]
mod markdown;
#[path = "library/native.rs"]
mod native;
#[path = "library/pages.rs"]
mod pages;
#[path = "library/written.rs"]
mod written;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use apy::reference::Builtin;
use apy::reference::builtins::types;
use apy::reference::{MODULES, builtins};
use pages::Page;

/// A function, a method or an attribute.
struct Entry {
    name: String,
    /// How it is called: without `self`, with `await` before it if it has to be awaited; the name alone for what is not called.
    call: String,
    doc: String,
}

/// A class with what is its own.
struct Class {
    name: String,
    /// How it is called, if programs call it.
    call: Option<String>,
    /// The class that it derives from, where that says something.
    base: Option<String>,
    doc: String,
    attributes: Vec<Entry>,
    methods: Vec<Entry>,
    /// What operators and builtin functions call.
    special: Vec<Entry>,
}

/// A part of a page.
enum Item {
    /// A heading with what stands below it.
    Section(&'static str, Vec<Item>),
    /// Text of the page's own.
    Text(&'static str),
    Function(Entry),
    Class(Class),
    /// Short things, a line each: constants, exceptions.
    Table([&'static str; 2], Vec<Entry>),
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/library")
}

#[test]
fn the_pages_say_what_the_sources_say() {
    let bless = std::env::var_os("BLESS").is_some_and(|value| !value.is_empty());
    let pages = pages::all();
    let mut expected: Vec<(String, String)> = pages
        .iter()
        .map(|page| (format!("{}.md", page.file), markdown::page(page)))
        .collect();
    expected.push(("README.md".to_owned(), markdown::index(&pages)));
    if bless {
        std::fs::create_dir_all(folder()).expect("docs can be written");
        for (file, text) in &expected {
            std::fs::write(folder().join(file), text).expect("docs can be written");
        }
    }
    let stale: Vec<&String> = expected
        .iter()
        .filter(|(file, text)| {
            std::fs::read_to_string(folder().join(file)).ok().as_ref() != Some(text)
        })
        .map(|(file, _)| file)
        .collect();
    assert!(
        stale.is_empty(),
        "pages of docs/library are out of date: {stale:?}\nBLESS=1 cargo test --test library writes them"
    );
    let known: BTreeSet<&str> = expected.iter().map(|(file, _)| file.as_str()).collect();
    for entry in std::fs::read_dir(folder()).expect("docs/library exists") {
        let name = entry.expect("a readable entry").file_name();
        let name = name.to_string_lossy();
        assert!(
            known.contains(&*name),
            "docs/library/{name} is no page of library/pages.rs"
        );
    }
}

#[test]
fn every_page_has_an_example() {
    let is_example = |line: &str| line.starts_with("```python") || line.contains(">>> ");
    let pages = pages::all();
    let without: Vec<&str> = pages
        .iter()
        .filter(|page| !markdown::page(page).lines().any(is_example))
        .map(|page| page.file)
        .collect();
    assert!(
        without.is_empty(),
        "pages without an example; write tests/golden/library_pages/page_NAME.apy: {without:?}"
    );
}

#[test]
fn every_builtin_class_is_on_one_page() {
    let mut shown: Vec<Builtin> = pages::builtin_classes().collect();
    shown.extend(pages::exceptions());
    for class in Builtin::all().filter(|class| !pages::INTERNAL.contains(class)) {
        let times = shown.iter().filter(|shown| **shown == class).count();
        assert_eq!(times, 1, "{} is on {times} pages", class.name());
        assert!(
            types::doc(class).is_some(),
            "{} says nothing of itself",
            class.name()
        );
    }
}

/// Modules that have all names of another one.
const TAKEN: &[(&str, &str)] = &[("tokenize", "token")];

#[test]
fn every_name_of_a_module_is_on_its_page() {
    let pages = pages::all();
    let mut names = documented(pages.iter().filter(|page| page.file.starts_with("asyncio")));
    let mut missing = Vec::new();
    missing.extend(undocumented("asyncio", &names));
    for module in MODULES
        .iter()
        .filter(|module| module.name != "asyncio" && !module.name.starts_with('_'))
    {
        names = documented(pages.iter().filter(|page| page.file == module.name));
        missing.extend(undocumented(module.name, &names));
    }
    for module in written::modules() {
        // Modules of a package may take names from each other.
        let package = |name: &str| name.split('.').next().map(str::to_owned);
        let is_shown = |page: &&Page| {
            package(page.file) == package(module) || TAKEN.contains(&(module, page.file))
        };
        names = documented(pages.iter().filter(is_shown));
        missing.extend(undocumented(module, &names));
    }
    assert!(
        missing.is_empty(),
        "on no page of docs/library:\n{}",
        missing.join("\n")
    );
    names = documented(pages.iter());
    for name in builtins::names() {
        assert!(names.contains(name), "the builtin {name} is on no page");
    }
}

#[test]
fn every_attribute_of_a_builtin_class_is_on_its_page() {
    // Which attributes are no news: those that all classes have or that say nothing to who calls them.
    const COMMON: [&str; 7] = [
        "__doc__",
        "__module__",
        "__new__",
        "__init__",
        "__hash__",
        "__class_getitem__",
        "__qualname__",
    ];
    let classes = builtins::NAMED
        .iter()
        .copied()
        .chain(types::exception::named());
    let names: Vec<&str> = classes.map(Builtin::name).collect();
    let program = format!(
        "for kind in [{}]:\n    print(kind.__name__, *kind.__dict__)",
        names.join(", ")
    );
    let shown = run(&program);
    let pages = pages::all();
    let mut classes = Vec::new();
    pages
        .iter()
        .for_each(|page| classes_of(&page.items, &mut classes));
    for line in shown.lines() {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let class = classes.iter().find(|class| class.name == name);
        for attribute in words.filter(|word| !COMMON.contains(word)) {
            let known = class.is_some_and(|class| {
                let all = class
                    .attributes
                    .iter()
                    .chain(&class.methods)
                    .chain(&class.special);
                all.into_iter().any(|entry| entry.name == attribute)
            });
            assert!(known, "{name}.{attribute} is on no page");
        }
    }
}

fn classes_of<'a>(items: &'a [Item], classes: &mut Vec<&'a Class>) {
    for item in items {
        match item {
            Item::Section(_, items) => classes_of(items, classes),
            Item::Class(class) => classes.push(class),
            _ => {}
        }
    }
}

/// What a program prints.
fn run(program: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_apy"))
        .args(["-c", program])
        .output()
        .expect("apy starts");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The public names of an imported module that are on no page. Without `__all__` what it imported from others is theirs; the node
/// classes of `ast` are in the table that makes them.
fn undocumented(module: &str, documented: &BTreeSet<String>) -> Option<String> {
    let program = format!(
        "import sys, {module}\nm = sys.modules['{module}']\nown = lambda n: type(getattr(m, n)) is not type(sys) and getattr(getattr(m, n), '__module__', m.__name__) == m.__name__\n\
         names = getattr(m, '__all__', None) or [n for n in dir(m) if own(n)]\n\
         print(*[n for n in names if not n.startswith('_') and not hasattr(getattr(m, n), '_field_types')])"
    );
    let names = run(&program);
    let missing: Vec<&str> = names
        .split_whitespace()
        .filter(|name| !documented.contains(*name))
        .collect();
    (!missing.is_empty()).then(|| format!("{module}: {missing:?}"))
}

/// The names that some pages explain.
fn documented<'a>(pages: impl Iterator<Item = &'a Page>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for page in pages {
        collect(&page.items, &mut names);
        // A page may also name things in the text at its beginning.
        let words = page.intro.split(|c: char| !c.is_alphanumeric() && c != '_');
        names.extend(words.map(str::to_owned));
    }
    names
}

fn collect(items: &[Item], names: &mut BTreeSet<String>) {
    for item in items {
        match item {
            Item::Section(_, items) => collect(items, names),
            Item::Text(_) => {}
            Item::Function(entry) => {
                names.insert(entry.name.clone());
            }
            Item::Class(class) => {
                names.insert(class.name.clone());
            }
            Item::Table(_, rows) => names.extend(rows.iter().map(|row| row.name.clone())),
        }
    }
}

#[test]
fn help_shows_what_the_page_shows() {
    let help = run("help(str.zfill)\nimport heapq\nhelp(heapq.heappush)");
    for (page, line) in [("str.md", 1), ("heapq.md", 3)] {
        let sentence = help
            .lines()
            .nth(line)
            .expect("a line of documentation")
            .trim();
        let text = std::fs::read_to_string(folder().join(page)).expect("a page");
        assert!(
            !sentence.is_empty() && text.contains(sentence),
            "{page} lacks: {sentence}"
        );
    }
}
