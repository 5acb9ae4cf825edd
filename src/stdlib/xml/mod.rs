//! `_xml`: what `xml.etree.ElementTree` (library/xml/etree) has in Rust, because documents are long: parsing, walking and writing.
//!
//! Elements are instances of the class in library/xml/etree/_tree.apy; `element.rs` knows where their fields stand. `tokens.rs` cuts text,
//! `scan.rs` makes elements of it, `walk.rs` walks over them, `write.rs` turns them into text again. What is unusual (document types,
//! mistakes) is left to the modules in apy, which take over at that place.

mod element;
mod scan;
mod tokens;
mod walk;
mod write;

use super::registry::NativeModule;

/// The module.
pub const XML: NativeModule = NativeModule {
    functions: &[&element::MAKE, &walk::WALK, &write::WRITE],
    types: &[&element::LAYOUT, &scan::SCANNER],
    ..NativeModule::of("_xml", "The native part of xml.etree.ElementTree.")
};
