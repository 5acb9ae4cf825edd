//! Entries of the reference from the modules that are written in apy: public names with their docstrings.
//!
//! A public function, class or method without a docstring is an error here.

use std::path::{Path, PathBuf};

use apy_front::syntax::ast::{
    Arg, ClassDef, Constant, DictItem, Expr, ExprKind, FunctionDef, ImportNames, Param, Params,
    Stmt, StmtKind,
};

use super::{Class, Entry, Item};

/// The public modules of `src/library`, sorted; a folder with `__init__.apy` is a package.
pub fn modules() -> Vec<&'static str> {
    let mut names = Vec::new();
    collect(Path::new(FOLDER), "", &mut names);
    names.sort();
    names.into_iter().map(|name| &*name.leak()).collect()
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/library");

fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("the folder of the library") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if stem.starts_with('_') {
            continue;
        }
        let name = format!("{prefix}{stem}");
        if path.is_dir() {
            collect(&path, &format!("{name}."), names);
            if !path.join("__init__.apy").is_file() {
                // The modules in it belong to a native package.
                continue;
            }
        } else if path.extension().is_none_or(|extension| extension != "apy") {
            continue;
        }
        names.push(name);
    }
}

/// The file that holds a module.
fn file_of(module: &str) -> PathBuf {
    let path = Path::new(FOLDER).join(module.replace('.', "/"));
    if path.is_dir() {
        path.join("__init__.apy")
    } else {
        path.with_extension("apy")
    }
}

/// What a module says of itself, and its functions and classes.
pub struct Written {
    pub doc: String,
    pub functions: Vec<Item>,
    pub classes: Vec<Item>,
    pub constants: Vec<Entry>,
    /// Whether `__getattr__` finds some of its names.
    is_lazy: bool,
}

/// Reads a module of the library. What the private files of a package define belongs to the package if it loads them late.
pub fn read(module: &str) -> Written {
    let file = file_of(module);
    let mut written = read_file(module, &file);
    if file.ends_with("__init__.apy") && written.is_lazy {
        let folder = std::fs::read_dir(file.parent().expect("a folder")).expect("a package");
        let mut parts: Vec<PathBuf> = folder
            .map(|entry| entry.expect("an entry").path())
            .collect();
        parts.sort();
        let is_part = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with('_') && name != "__init__.apy"
        };
        for part in parts.into_iter().filter(is_part) {
            let part = read_file(module, &part);
            written.functions.extend(part.functions);
            written.classes.extend(part.classes);
            written.constants.extend(part.constants);
        }
    }
    // A module that is no package has its late names, and those that it imports from there, in files beside it.
    let name = module.rsplit('.').next().unwrap_or(module);
    let text = std::fs::read_to_string(&file).expect("a module of the library");
    for late in ["more", "seldom"] {
        let more = file.with_file_name(format!("_{name}_{late}.apy"));
        let is_imported = text.contains(&format!("\nfrom _{name}_{late} import "));
        if (written.is_lazy || is_imported) && more.is_file() {
            let part = read_file(module, &more);
            written.functions.extend(part.functions);
            written.classes.extend(part.classes);
        }
    }
    written
}

fn read_file(module: &str, file: &Path) -> Written {
    let text = std::fs::read_to_string(file).expect("a module of the library");
    let body = apy_front::syntax::parse_module(&text)
        .module
        .expect("no mistakes")
        .body;
    let source = Source {
        module,
        text: &text,
    };
    let mut written = Written {
        doc: docstring(&body)
            .map(|doc| fence(&doc))
            .unwrap_or_else(|| panic!("{module} has no docstring")),
        functions: Vec::new(),
        classes: Vec::new(),
        constants: Vec::new(),
        is_lazy: false,
    };
    for (i, statement) in body.iter().enumerate() {
        match &statement.kind {
            StmtKind::FunctionDef(function) if is_form(function) => {
                let mut entry = source.function(function, false);
                entry.call = entry.name.clone();
                written.constants.push(entry);
            }
            StmtKind::FunctionDef(function) if &*function.name.name == "__getattr__" => {
                written.is_lazy = true;
            }
            StmtKind::FunctionDef(function) if is_public(&function.name.name) => {
                written
                    .functions
                    .push(Item::Function(source.function(function, false)));
            }
            StmtKind::ClassDef(class) if is_public(&class.name.name) => {
                written.classes.push(Item::Class(source.class(class)));
            }
            StmtKind::Assign { targets, value } => {
                let next = body.get(i + 1..).unwrap_or_default();
                written
                    .constants
                    .extend(constant(targets, value, docstring(next)));
                written.constants.extend(generic_versions(targets, value));
            }
            StmtKind::ImportFrom {
                module: Some(from),
                names: ImportNames::Names(names),
                ..
            } if is_part_of(&from.name, module) => {
                let wanted = |name: &str| names.iter().any(|n| *n.name.name == *name);
                let part = read(&from.name);
                written.functions.extend(
                    part.functions.into_iter().filter(
                        |item| matches!(item, Item::Function(entry) if wanted(&entry.name)),
                    ),
                );
                written.classes.extend(
                    part.classes
                        .into_iter()
                        .filter(|item| matches!(item, Item::Class(class) if wanted(&class.name))),
                );
                let constants = part.constants.into_iter();
                written
                    .constants
                    .extend(constants.filter(|entry| wanted(&entry.name)));
            }
            StmtKind::ImportFrom {
                module: Some(origin),
                names: ImportNames::Names(names),
                ..
            } if origin.name.starts_with("posix") => {
                let shown = names
                    .iter()
                    .map(|alias| alias.asname.as_ref().unwrap_or(&alias.name));
                written.constants.extend(shown.map(|name| Entry {
                    name: name.name.to_string(),
                    call: name.name.to_string(),
                    doc: format!("That of `{}`.", origin.name),
                }));
            }
            StmtKind::Import(names) => {
                let shown = names
                    .iter()
                    .filter_map(|alias| alias.asname.as_ref().zip(Some(&alias.name)));
                let shown = shown.filter(|(_, origin)| origin.name.starts_with("posix"));
                written.constants.extend(shown.map(|(name, origin)| Entry {
                    name: name.name.to_string(),
                    call: name.name.to_string(),
                    doc: format!("The module `{}`.", origin.name),
                }));
            }
            _ => {}
        }
    }
    written
}

/// Whether a module is a part of a package, whose names the package hands on.
fn is_part_of(part: &str, package: &str) -> bool {
    part.strip_prefix(package)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// Whether a function is written for the special form of `typing` that its decorator makes of it.
fn is_form(function: &FunctionDef) -> bool {
    function.decorators.iter().any(|decorator| {
        matches!(&decorator.kind, ExprKind::Name(name) if &**name == "_form" || &**name == "_TypedCacheSpecialForm")
    })
}

/// The generic versions of containers that `typing` makes late: the table says of which class.
fn generic_versions(targets: &[Expr], value: &Expr) -> Vec<Entry> {
    let is_table = targets
        .iter()
        .any(|target| matches!(&target.kind, ExprKind::Name(name) if &**name == "_ALIASES"));
    let ExprKind::Dict(items) = &value.kind else {
        return Vec::new();
    };
    let entry = |item: &DictItem| {
        let DictItem::Pair(key, value) = item else {
            return None;
        };
        let (name, ExprKind::Tuple(parts)) = (text(key)?, &value.kind) else {
            return None;
        };
        let class = text(parts.first()?)?.replace("builtins.", "");
        Some(Entry {
            call: name.clone(),
            name,
            doc: format!("A generic version of {class}."),
        })
    };
    let rows = items.iter().filter(|_| is_table);
    rows.filter_map(entry).collect()
}

fn text(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Constant(Constant::Str(text)) => Some(text.to_string()),
        _ => None,
    }
}

/// Puts fences around the lines of a docstring that are indented: sessions and listings.
fn fence(doc: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    let mut is_fenced = false;
    for line in doc.lines() {
        is_fenced ^= line.starts_with("```");
        let indented = line.starts_with("    ") && !is_fenced;
        if indented != inside && (indented || !line.is_empty()) {
            if inside {
                out.truncate(out.trim_end().len());
                out.push('\n');
            }
            out.push_str(if indented { "```text\n" } else { "```\n\n" });
            inside = indented;
        }
        out.push_str(line.strip_prefix("    ").filter(|_| inside).unwrap_or(line));
        out.push('\n');
    }
    if inside {
        out.push_str("```\n");
    }
    out.trim_end().to_owned()
}

/// A constant says what it is in a string below it; one that is another name of something needs none.
fn constant(targets: &[Expr], value: &Expr, doc: Option<String>) -> Option<Entry> {
    let [
        Expr {
            kind: ExprKind::Name(name),
            ..
        },
    ] = targets
    else {
        return None;
    };
    let doc = match &value.kind {
        ExprKind::Name(original) => Some(format!("Another name of {original}.")),
        _ => doc,
    };
    Some(Entry {
        name: name.to_string(),
        call: name.to_string(),
        doc: doc.filter(|_| is_public(name))?,
    })
}

fn is_public(name: &str) -> bool {
    !name.starts_with('_')
}

/// Whether a function sets or deletes a property, which is documented where it is read.
fn is_accessor(function: &FunctionDef) -> bool {
    let is_part = |d: &Expr| matches!(&d.kind, ExprKind::Attribute { .. });
    function.decorators.iter().any(is_part)
}

struct Source<'a> {
    module: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn function(&self, function: &FunctionDef, has_receiver: bool) -> Entry {
        let name = &function.name.name;
        let doc = docstring(&function.body);
        let is_value = function
            .decorators
            .iter()
            .any(|d| matches!(&d.kind, ExprKind::Name(n) if &**n == "property"));
        let call = match (is_value, function.is_async) {
            (true, _) => name.to_string(),
            (false, true) => format!(
                "await {name}({})",
                self.params(&function.params, has_receiver)
            ),
            (false, false) => format!("{name}({})", self.params(&function.params, has_receiver)),
        };
        Entry {
            call,
            doc: doc.unwrap_or_else(|| {
                panic!(
                    "{}: {name} at {} has no docstring",
                    self.module, function.name.span.start
                )
            }),
            name: name.to_string(),
        }
    }

    fn class(&self, class: &ClassDef) -> Class {
        let functions = || {
            class
                .body
                .iter()
                .filter_map(|statement| match &statement.kind {
                    StmtKind::FunctionDef(function) => Some(&**function),
                    _ => None,
                })
        };
        let name = &class.name.name;
        let maker = ["__init__", "__new__"]
            .iter()
            .find_map(|maker| functions().find(|f| &*f.name.name == *maker));
        let members = || {
            functions()
                .filter(|f| is_public(&f.name.name) && !is_accessor(f))
                .map(|f| self.function(f, true))
        };
        let mut bases = class.args.iter().filter(|arg| matches!(arg, Arg::Pos(_)));
        let base = bases.next_back().map(|arg| self.slice(arg.value().span));
        Class {
            name: name.to_string(),
            call: maker.map(|maker| format!("{name}({})", self.params(&maker.params, true))),
            base,
            doc: docstring(&class.body)
                .unwrap_or_else(|| panic!("{}: {name} has no docstring", self.module)),
            attributes: members().filter(|entry| entry.call == entry.name).collect(),
            methods: members().filter(|entry| entry.call != entry.name).collect(),
            special: Vec::new(),
        }
    }

    fn slice(&self, span: apy_front::diagnostics::Span) -> String {
        self.text[span.start as usize..span.end as usize].to_owned()
    }

    fn params(&self, params: &Params, has_receiver: bool) -> String {
        let mut parts: Vec<String> = Vec::new();
        let one = |param: &Param| match &param.default {
            // A private default stands for "not given".
            Some(default) if self.slice(default.span).starts_with('_') => {
                format!("{}=...", param.name.name)
            }
            Some(default) => format!("{}={}", param.name.name, self.slice(default.span)),
            None => param.name.name.to_string(),
        };
        parts.extend(params.posonly.iter().map(one));
        if !params.posonly.is_empty() {
            parts.push("/".to_owned());
        }
        parts.extend(params.regular.iter().map(one));
        match &params.vararg {
            Some(rest) => parts.push(format!("*{}", rest.name.name)),
            None if !params.kwonly.is_empty() => parts.push("*".to_owned()),
            None => {}
        }
        parts.extend(params.kwonly.iter().map(one));
        parts.extend(
            params
                .kwarg
                .iter()
                .map(|more| format!("**{}", more.name.name)),
        );
        if has_receiver && !parts.is_empty() {
            parts.remove(0);
            if parts.first().is_some_and(|part| part == "/") {
                parts.remove(0);
            }
        }
        parts.join(", ")
    }
}

fn docstring(body: &[Stmt]) -> Option<String> {
    let StmtKind::Expr(first) = &body.first()?.kind else {
        return None;
    };
    match &first.kind {
        ExprKind::Constant(Constant::Str(text)) => Some(text.to_string()),
        _ => None,
    }
}
