//! `_html`: the table of entities that `html.entities` (library/html) is made of.
//!
//! The table is that of HTML 5, from the crate `htmlize`; the module makes its dicts of it. Escaping is written in apy.

use super::registry::NativeModule;
use crate::vm::Native;

/// The module.
pub const HTML: NativeModule = NativeModule {
    functions: &[&ENTITIES],
    ..NativeModule::of("_html", "The native part of html.")
};

const ENTITIES: Native = Native::leaf(
    "entities()",
    "A dict of all named entities of HTML 5.",
    |heap, _| {
        let mut rows: Vec<(&str, &str)> = htmlize::ENTITIES
            .entries()
            .filter_map(|(name, text)| {
                let name = std::str::from_utf8(name).ok()?;
                Some((name.strip_prefix('&')?, std::str::from_utf8(text).ok()?))
            })
            .collect();
        rows.sort_unstable();
        let dict = heap.dict();
        for (name, text) in rows {
            dict.set_str(heap, heap.intern(name), heap.str_value(text));
        }
        Ok(dict.value())
    },
);
