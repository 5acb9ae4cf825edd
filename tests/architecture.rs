//! The shape of the source tree, as docs/internals/architecture.md describes it, checked on the text of the files.
//!
//! Layers name only lower layers, every file opens with a header, `unsafe` stays where it is known, and the packages that apy
//! is built on are named in one place each. A rule that must change changes here and in that document together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the lowest up. A module names only those before it.
const LAYERS: [&str; 11] = [
    "diagnostics",
    "text",
    "syntax",
    "bytecode",
    "compile",
    "runtime",
    "vm",
    "sched",
    "stdlib",
    "embed",
    "cli",
];

/// The folders of the layer `vm` from the lowest up. A file names only folders before its own.
const VM_FOLDERS: [&str; 3] = ["protocol", "classes", "exec"];

/// The layer whose parts may name each other in a circle: a class has a dict, a dict has strings, and a string a class.
const ENTANGLED: &str = "runtime";

/// These run programs and must work without the front end: `import` goes through a hook.
const WITHOUT_FRONT_END: [&str; 5] = ["bytecode", "runtime", "vm", "sched", "stdlib"];

/// Each package, and where it may be named: a file, or a folder with all that is in it.
const HOMES: [(&str, &str); 26] = [
    ("ariadne", "diagnostics/render.rs"),
    ("logos", "syntax/"),
    ("lalrpop_util", "syntax/"),
    ("rustyline", "cli/repl/editor.rs"),
    ("clap", "cli/args/"),
    ("clap_complete", "cli/args/"),
    ("toml", "cli/check/policy.rs"),
    ("toml", "cli/project.rs"),
    ("clap_mangen", "cli/args/"),
    ("terminal_size", "cli/style.rs"),
    ("signal_hook", "cli/signals.rs"),
    ("nix", "cli/"),
    ("nix", "embed/"),
    ("sha2", "stdlib/"),
    ("sha1", "stdlib/hashlib.rs"),
    ("sha3", "stdlib/hashlib.rs"),
    ("md5", "stdlib/hashlib.rs"),
    ("corosensei", "vm/exec/green_stack.rs"),
    ("corosensei", "vm/exec/native_stack.rs"),
    ("mio", "sched/reactor/system.rs"),
    ("socket2", "sched/reactor/socket.rs"),
    ("socket2", "stdlib/socket/"),
    ("nix", "stdlib/socket/"),
    ("nix", "stdlib/devices/"),
    ("rustix", "stdlib/devices/"),
    ("rustix", "embed/os_seldom_calls.rs"),
];

/// The core that the compiler cannot check: where `unsafe` may stand.
const UNSAFE: &[&str] = &[
    "cli/bins.rs",
    "cli/last_words.rs",
    "cli/reserve.rs",
    "runtime/class.rs",
    "runtime/code.rs",
    "runtime/coroutine.rs",
    "runtime/heap/block.rs",
    "runtime/heap/finalize.rs",
    "runtime/heap/gc.rs",
    "runtime/heap/inspect.rs",
    "runtime/heap/kinds.rs",
    "runtime/heap/known.rs",
    "runtime/heap/mod.rs",
    "runtime/heap/slot.rs",
    "runtime/heap/tests.rs",
    "runtime/heap/trace.rs",
    "runtime/instance.rs",
    "runtime/int.rs",
    "runtime/intern.rs",
    "runtime/str.rs",
    "runtime/table.rs",
    "runtime/traceback.rs",
    "runtime/value.rs",
    "vm/exec/cursor.rs",
    "vm/exec/frame.rs",
    "vm/exec/green_stack.rs",
    "vm/exec/mod.rs",
    "vm/mod.rs",
];

#[test]
fn layers_name_only_lower_layers() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(rank) = LAYERS.iter().position(|layer| *layer == source.layer()) else {
            continue;
        };
        for (number, line) in source.code_lines() {
            for named in names_after(line, "crate::") {
                let Some(other) = LAYERS.iter().position(|layer| *layer == named) else {
                    continue;
                };
                let front_end = ["syntax", "compile"].contains(&named)
                    && WITHOUT_FRONT_END.contains(&LAYERS[rank]);
                if other > rank || front_end {
                    wrong.push(format!(
                        "{}:{number}: {} names {named}",
                        source.name, LAYERS[rank]
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "a layer names one that it must not know:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn folders_of_the_vm_name_only_lower_folders() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(rank) = VM_FOLDERS
            .iter()
            .position(|folder| source.name.starts_with(&format!("vm/{folder}/")))
        else {
            continue;
        };
        for (number, line) in source.code_lines() {
            for named in names_after(line, "crate::vm::") {
                if VM_FOLDERS[rank + 1..].contains(&named) {
                    wrong.push(format!("{}:{number} names vm/{named}", source.name));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "what values can do is below how code runs:\n{}",
        wrong.join("\n")
    );
}

/// The files and folders of a layer have an order, too: none names another that, by way of others, names it.
#[test]
fn parts_of_a_layer_form_no_circle() {
    let sources = sources();
    let mut circles = Vec::new();
    for layer in LAYERS.into_iter().filter(|&layer| layer != ENTANGLED) {
        let mut named: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for source in sources.iter().filter(|source| source.layer() == layer) {
            let names = source.parts_named(layer);
            named.entry(source.part()).or_default().extend(names);
        }
        for (&part, names) in &named {
            for &other in names.iter().filter(|&&other| other != part) {
                if reaches(&named, other, part) {
                    circles.push(format!(
                        "{layer}/{part} names {other}, which leads back to it"
                    ));
                }
            }
        }
    }
    assert!(
        circles.is_empty(),
        "parts of a layer that name each other in a circle are one part, or one of them is two:\n{}",
        circles.join("\n")
    );
}

/// Whether `to` is named by `from`, or by one that `from` leads to.
fn reaches<'a>(named: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str, to: &'a str) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![from];
    while let Some(at) = next.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            next.extend(named.get(at).into_iter().flatten());
        }
    }
    false
}

/// A type that the glossary names is defined once, where the glossary says: one word for a concept, one concept for a word.
#[test]
fn types_of_the_glossary_are_defined_once() {
    let glossary = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/internals/glossary.md"),
    )
    .expect("UTF-8");
    let sources = sources();
    let mut wrong = Vec::new();
    for row in glossary.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let homes: Vec<&str> = cells[3].split('`').skip(1).step_by(2).collect();
        for word in cells[1].split(", ").filter(|word| is_type_name(word)) {
            let places: Vec<&str> = sources
                .iter()
                .filter(|source| source.defines(word))
                .map(|source| source.name.as_str())
                .collect();
            let is_home = |place: &&str| homes.iter().any(|home| place.starts_with(home));
            if places.len() != 1 || !places.iter().all(is_home) {
                wrong.push(format!(
                    "{word}: in {places:?}, the glossary says {homes:?}"
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these words are not one concept:\n{}",
        wrong.join("\n")
    );
}

/// `WaitQueue`, not `fast path`.
fn is_type_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.chars().all(char::is_alphanumeric)
}

#[test]
fn every_layer_exists() {
    let found: Vec<String> = sources()
        .iter()
        .map(|source| source.layer().to_owned())
        .collect();
    for layer in LAYERS {
        assert!(
            found.iter().any(|name| name == layer),
            "there is no layer {layer} under src"
        );
    }
    for layer in found {
        assert!(
            ["front", "library", "lib", "main"].contains(&&*layer) || LAYERS.contains(&&*layer),
            "src/{layer} is in no layer"
        );
    }
}

#[test]
fn every_file_opens_with_a_header() {
    let mut wrong = Vec::new();
    for source in sources() {
        let header = source
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .count();
        if !(3..=15).contains(&header) {
            wrong.push(format!("{}: {header} lines", source.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "a file opens with 3 to 15 lines of `//!`: what it is, its contract, how to add one:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn unsafe_stays_in_the_core() {
    let found: Vec<String> = sources()
        .into_iter()
        .filter(|source| source.code_lines().any(|(_, line)| is_unsafe(line)))
        .map(|source| source.name)
        .collect();
    let new: Vec<&String> = found
        .iter()
        .filter(|name| !UNSAFE.contains(&name.as_str()))
        .collect();
    assert!(
        new.is_empty(),
        "`unsafe` in files outside of the core: {new:?}"
    );
    let gone: Vec<&&str> = UNSAFE
        .iter()
        .filter(|name| !found.iter().any(|found| found == *name))
        .collect();
    assert!(
        gone.is_empty(),
        "these need no `unsafe` any more, take them off the list: {gone:?}"
    );
}

#[test]
fn packages_are_named_in_their_homes() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (package, home) in HOMES {
            let mut homes = HOMES.iter().filter(|(other, _)| *other == package);
            let at_home = homes.any(|(_, home)| match home.ends_with('/') {
                true => source.name.starts_with(home),
                false => source.name == *home,
            });
            if at_home {
                continue;
            }
            for (number, line) in source.code_lines() {
                if names_crate(line, package) || line.contains(&format!("use {package}")) {
                    wrong.push(format!(
                        "{}:{number} names {package}, which lives in src/{home}",
                        source.name
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lints_are_silenced_with_a_reason() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in source.code_lines() {
            if line.contains("#[allow(") || line.contains("#![allow(") {
                wrong.push(format!("{}:{number}", source.name));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "write #[expect(lint, reason = \"..\")] instead of allow:\n{}",
        wrong.join("\n")
    );
}

/// A file under src.
struct Source {
    /// Its path under src, with `/`.
    name: String,
    text: String,
}

impl Source {
    /// The top-level module that it belongs to.
    fn layer(&self) -> &str {
        self.name.split(['/', '.']).next().unwrap_or_default()
    }

    /// The part of its layer that it belongs to: a file or a folder; `mod` for what all of the layer shares.
    fn part(&self) -> &str {
        let inner = self.name.split('/').nth(1).unwrap_or_default();
        inner.trim_end_matches(".rs")
    }

    /// The parts of its layer that its code names, tests apart.
    fn parts_named(&self, layer: &str) -> BTreeSet<&str> {
        let code = self
            .text
            .split("#[cfg(test)]\nmod ")
            .next()
            .unwrap_or_default();
        let is_folder = self.name.ends_with("/mod.rs");
        let depth = self.name.matches('/').count() - usize::from(is_folder);
        let root = format!("crate::{layer}::");
        let above = "super::".repeat(depth);
        let mut names = BTreeSet::new();
        if self.part() == "mod" || self.name.ends_with("/tests.rs") {
            return names;
        }
        let code_at = |at: usize| {
            let line = code[..at].rsplit('\n').next().unwrap_or_default();
            !line.trim_start().starts_with("//")
        };
        for prefix in [&root, &above] {
            for (at, _) in code.match_indices(prefix.as_str()) {
                let is_longer = code[..at].ends_with("::");
                let rest = &code[at + prefix.len()..];
                if !is_longer && code_at(at) && !rest.starts_with("super") {
                    names.extend(first_names(rest));
                }
            }
        }
        names
    }

    /// Whether a type of this name is defined here.
    fn defines(&self, name: &str) -> bool {
        self.code_lines().any(|(_, line)| {
            let mut rest = line.trim_start();
            if let Some(public) = rest.strip_prefix("pub") {
                let scope_end = public.starts_with('(').then(|| public.find(')')).flatten();
                rest = public[scope_end.map_or(0, |end| end + 1)..].trim_start();
            }
            let (kind, rest) = rest
                .trim_start_matches("unsafe ")
                .split_once(' ')
                .unwrap_or_default();
            ["struct", "enum", "trait", "type", "union"].contains(&kind) && word(rest) == name
        })
    }

    /// Its lines with their numbers, but for comments.
    fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).expect("a readable folder");
        for path in entries.map(|entry| entry.expect("a readable entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(read(&root, path));
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() > 100, "src was not found");
    found
}

fn read(root: &Path, path: PathBuf) -> Source {
    let name = path
        .strip_prefix(root)
        .expect("under src")
        .to_string_lossy()
        .replace('\\', "/");
    Source {
        name,
        text: fs::read_to_string(path).expect("UTF-8"),
    }
}

/// The first identifier of each path in `a::b` or `{a, b::{c, d}}`.
fn first_names(text: &str) -> Vec<&str> {
    let Some(list) = text.strip_prefix('{') else {
        return vec![word(text)];
    };
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(word(list[start..at].trim()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

/// The identifiers that follow `prefix` in a line; in `crate::{a, b}` those in the braces.
fn names_after<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let rest = &line[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(
                list.split('}')
                    .next()
                    .unwrap_or(list)
                    .split(',')
                    .map(|part| word(part.trim())),
            ),
            None => names.push(word(rest)),
        }
    }
    names
}

fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        .unwrap_or_default()
}

/// Whether code needs the keyword; attributes that speak of the lint do not count.
fn is_unsafe(line: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == "unsafe")
}

/// Whether a line has `package::`, and not at the end of another name: `unix::` is no `nix::`.
fn names_crate(line: &str, package: &str) -> bool {
    let path = format!("{package}::");
    line.match_indices(&path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
