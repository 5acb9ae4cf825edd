//! Entries of the reference from the declarations of natives.
//!
//! Signatures are shown as a program writes the call: without the receiver, with `await` before coroutine functions.

use apy::reference::Builtin;
use apy::reference::Native;
use apy::reference::builtins::types;
use apy::reference::{ModuleType, NativeModule, NativeType};

use super::{Class, Entry, Item};

/// A function of a module.
pub fn function(native: &Native) -> Entry {
    entry(native, native.name(), false)
}

/// The functions of a table.
pub fn functions(natives: &[&Native]) -> Vec<Item> {
    natives
        .iter()
        .map(|native| Item::Function(function(native)))
        .collect()
}

/// The functions of a module, in the order of their names; of those with an underscore only the ones that programs use.
pub fn functions_of(module: &NativeModule) -> Vec<Item> {
    let mut natives = module.functions.to_vec();
    natives.retain(|native| !native.name().starts_with('_') || native.name() == "_getframe");
    natives.sort_by_key(|native| native.name());
    functions(&natives)
}

/// The constants of a module.
pub fn constants(rows: &[(&str, &str)]) -> Item {
    let rows = rows.iter().map(|(name, doc)| value(name, doc)).collect();
    Item::Table(["name", "what it is"], rows)
}

/// A class of a module.
pub fn module_class(ty: &ModuleType) -> Item {
    let base = (ty.body.class != Builtin::Opaque).then(|| ty.body.class.short_name().to_owned());
    Item::Class(class(ty.short_name(), base, ty.body.doc, &[&ty.body]))
}

/// A builtin class.
pub fn builtin_class(builtin: Builtin) -> Item {
    let name = builtin.short_name();
    let base = Some(builtin.base()).filter(|base| *base != Builtin::Object);
    let base = base.map(|base| base.short_name().to_owned());
    // A class may be declared in several parts, by topic.
    let parts: Vec<&NativeType> = types::declared().filter(|ty| ty.class == builtin).collect();
    let doc = types::doc(builtin).unwrap_or_default();
    Item::Class(class(name, base, doc, &parts))
}

/// A row for each class: name and base, and what it is. For exceptions.
pub fn rows(classes: impl Iterator<Item = Builtin>) -> Item {
    let row = |class: Builtin| {
        let base = class.base().short_name();
        Entry {
            name: class.short_name().to_owned(),
            call: format!("{}({base})", class.short_name()),
            doc: types::doc(class).unwrap_or_default().to_owned(),
        }
    };
    Item::Table(
        ["class and base", "what it says"],
        classes.map(row).collect(),
    )
}

/// A row for each exception of a module.
pub fn module_rows(exceptions: &[&ModuleType]) -> Vec<Entry> {
    let row = |ty: &&ModuleType| Entry {
        name: ty.short_name().to_owned(),
        call: format!("{}({})", ty.short_name(), ty.body.class.short_name()),
        doc: ty.body.doc.to_owned(),
    };
    exceptions.iter().map(row).collect()
}

fn class(name: &str, base: Option<String>, doc: &str, parts: &[&NativeType]) -> Class {
    let maker = maker(parts);
    let mut methods: Vec<Entry> = parts.iter().flat_map(|ty| methods(ty)).collect();
    methods.sort_by(|a, b| a.name.cmp(&b.name));
    methods.retain(|entry| !["__init__", "__new__"].contains(&&*entry.name));
    let (special, methods) = methods
        .into_iter()
        .partition(|entry| entry.name.starts_with('_'));
    let getters = parts.iter().flat_map(|ty| ty.getters);
    let mut attributes: Vec<Entry> = getters
        .map(|getter| value(getter.name, getter.doc()))
        .collect();
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    Class {
        name: name.to_owned(),
        call: maker.map(|native| format!("{name}({})", params(native.signature, true))),
        base,
        doc: class_doc(doc, maker),
        attributes,
        methods,
        special,
    }
}

/// The native whose parameters are those of a call of the class, if one names them.
fn maker(parts: &[&NativeType]) -> Option<&'static Native> {
    let all = parts.iter().flat_map(|ty| ty.methods).copied();
    let init = all.filter(|native| native.name() == "__init__");
    let new = parts.iter().filter_map(|ty| ty.new);
    init.chain(new).find(|native| {
        let params = params(native.signature, true);
        !params.contains("*args") && !params.starts_with("/, *")
    })
}

fn methods(ty: &NativeType) -> Vec<Entry> {
    let bound = ty
        .methods
        .iter()
        .chain(ty.class_methods)
        .map(|native| method(native));
    let free = ty.static_methods.iter().map(|native| function(native));
    bound.chain(free).collect()
}

/// What a class says, and what its constructor adds.
fn class_doc(doc: &str, maker: Option<&Native>) -> String {
    let added = maker.map_or("", |native| native.doc);
    let boilerplate = ["Create and return", "Initialize self"];
    match boilerplate.iter().any(|start| added.starts_with(start)) {
        true => doc.to_owned(),
        false => format!("{doc}\n\n{added}"),
    }
}

/// A method, as it is called on an object.
pub fn method(native: &Native) -> Entry {
    entry(native, native.name(), true)
}

fn entry(native: &Native, name: &str, has_receiver: bool) -> Entry {
    let result = native
        .signature
        .split_once(") -> ")
        .map(|(_, result)| result);
    let call = format!("{name}({})", params(native.signature, has_receiver));
    let call = match result {
        Some("coroutine") => format!("await {call}"),
        Some(result) if result != "Self" => format!("{call} -> {result}"),
        _ => call,
    };
    Entry {
        name: name.to_owned(),
        call,
        doc: native.doc.to_owned(),
    }
}

fn value(name: &str, doc: &str) -> Entry {
    Entry {
        name: name.to_owned(),
        call: name.to_owned(),
        doc: doc.to_owned(),
    }
}

/// The parameters of a signature, without the first one if it is the receiver.
fn params(signature: &str, has_receiver: bool) -> String {
    let signature = signature.split(" -> ").next().unwrap_or(signature);
    let inside = signature.split_once('(').map_or("", |(_, rest)| rest);
    let inside = inside.strip_suffix(')').unwrap_or(inside);
    // An instance has no way to show the default that stands for "not given".
    let inside = inside.replace("<unrepresentable>", "...");
    if !has_receiver {
        return inside;
    }
    let rest = inside.split_once(", ").map_or("", |(_, rest)| rest);
    match rest.strip_prefix('/') {
        Some(rest) => rest.trim_start_matches(", ").to_owned(),
        None => rest.to_owned(),
    }
}
