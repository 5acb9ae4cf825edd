//! Entries of the reference from the declarations of natives.
//!
//! Signatures are shown as a program writes the call: without the receiver, with `await` before coroutine functions.

use apy::runtime::Builtin;
use apy::stdlib::builtins::types;
use apy::stdlib::registry::{ModuleType, NativeModule, NativeType};
use apy::vm::Native;

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

/// The functions of a module, in the order of their names.
pub fn functions_of(module: &NativeModule) -> Vec<Item> {
    let mut natives = module.functions.to_vec();
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
    let base = (ty.body.class != Builtin::Opaque).then(|| ty.body.class.name().to_owned());
    Item::Class(class(ty.short_name(), base, &ty.body))
}

/// A builtin class.
pub fn builtin_class(builtin: Builtin) -> Item {
    let name = builtin.name().rsplit('.').next().unwrap_or_default();
    let base = Some(builtin.base()).filter(|base| *base != Builtin::Object);
    let base = base.map(|base| base.name().to_owned());
    Item::Class(match types::declared().find(|ty| ty.class == builtin) {
        Some(ty) => class(name, base, ty),
        None => Class {
            name: name.to_owned(),
            call: None,
            base,
            doc: types::doc(builtin).unwrap_or_default().to_owned(),
            attributes: Vec::new(),
            methods: Vec::new(),
            special: Vec::new(),
        },
    })
}

/// A row for each class: name and base, and what it is. For exceptions.
pub fn rows(classes: impl Iterator<Item = Builtin>) -> Item {
    let row = |class: Builtin| {
        let base = class.base().name();
        Entry {
            name: class.name().to_owned(),
            call: format!("{}({base})", class.name()),
            doc: types::doc(class).unwrap_or_default().to_owned(),
        }
    };
    Item::Table(
        ["class and base", "what it says"],
        classes.map(row).collect(),
    )
}

fn class(name: &str, base: Option<String>, ty: &NativeType) -> Class {
    let init = ty
        .methods
        .iter()
        .copied()
        .find(|native| native.name() == "__init__");
    let maker = [init, ty.new].into_iter().flatten().find(|native| {
        let params = params(native.signature, true);
        !params.contains("*args") && !params.starts_with("/, *")
    });
    let methods = || {
        let all = ty
            .methods
            .iter()
            .chain(ty.class_methods)
            .chain(ty.static_methods);
        let is_static =
            |native: &Native| ty.static_methods.iter().any(|s| std::ptr::eq(*s, native));
        let mut all: Vec<Entry> = all
            .map(|native| entry(native, native.name(), !is_static(native)))
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all.into_iter()
    };
    let is_special = |entry: &Entry| entry.name.starts_with('_');
    let mut attributes: Vec<Entry> = ty
        .getters
        .iter()
        .map(|getter| value(getter.name, getter.doc()))
        .collect();
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    Class {
        name: name.to_owned(),
        call: maker.map(|native| format!("{name}({})", params(native.signature, true))),
        base,
        doc: class_doc(ty, maker),
        attributes,
        methods: methods().filter(|entry| !is_special(entry)).collect(),
        special: methods()
            .filter(|entry| is_special(entry) && !["__init__", "__new__"].contains(&&*entry.name))
            .collect(),
    }
}

/// What a class says, and what its constructor adds.
fn class_doc(ty: &NativeType, maker: Option<&Native>) -> String {
    let added = maker.map_or("", |native| native.doc);
    let boilerplate = ["Create and return", "Initialize self"];
    match boilerplate.iter().any(|start| added.starts_with(start)) {
        true => ty.doc.to_owned(),
        false => format!("{}\n\n{added}", ty.doc),
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
