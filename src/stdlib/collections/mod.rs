//! `_collections`: what `collections` (library/collections) has in Rust, because programs use it where speed matters.
//!
//! Each file holds one type; the classes that need no speed are written in apy and import these.
//! To add a name: a word in the table.

mod count;
mod deque;
mod field;
mod ordered;

use super::registry::NativeModule;

/// The module that `collections` takes it from.
pub const COLLECTIONS: NativeModule = NativeModule {
    functions: &[
        &count::COUNT_ELEMENTS,
        &ordered::ORDERED_ITER,
        &ordered::ORDERED_KEYS,
        &ordered::ORDERED_VALUES,
        &ordered::ORDERED_ITEMS,
        &ordered::MOVE_TO_END,
    ],
    types: &[&deque::DEQUE, &deque::ITERATOR, &field::FIELD],
    ..NativeModule::of("_collections", "High performance data structures.")
};
