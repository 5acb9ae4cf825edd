//! Dict views and mapping proxies: windows onto a dict or a class.
//!
//! A view holds its dict, not a copy: it shows later changes. What can be done with one is in
//! `stdlib/builtins/types/view.rs`.

use super::heap::{Gc, Heap, Slot, traced};
use super::types::Builtin;
use super::value::Value;

/// What a view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewTag {
    /// The keys of a dict.
    Keys,
    /// The values of a dict.
    Values,
    /// The pairs of a dict.
    Items,
    /// A read-only mapping.
    Proxy,
}

/// A view.
pub struct View {
    /// What it shows.
    pub tag: ViewTag,
    /// Of which dict (for a proxy: any mapping).
    pub source: Slot,
}

traced!(View { source } plain { tag });

impl Heap {
    /// A view of a dict.
    pub fn view<'h>(&'h self, tag: ViewTag, source: Value<'h>) -> Gc<'h, View> {
        let class = match tag {
            ViewTag::Keys => Builtin::DictKeys,
            ViewTag::Values => Builtin::DictValues,
            ViewTag::Items => Builtin::DictItems,
            ViewTag::Proxy => Builtin::MappingProxy,
        };
        self.alloc_shaped(
            View {
                tag,
                source: Slot::new(source),
            },
            self.types.shape_of(class),
        )
    }
}
