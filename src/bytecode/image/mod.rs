//! Code as bytes and back: how the modules of `src/library` travel from the build into the program.
//!
//! An image is the module's global names and its code, nested functions inside. Each text is in it once, in a table at its head;
//! numbers are LEB128 (7 bits a byte, the lowest first). The reader trusts nothing: what it reads goes through `verify` as a
//! compiler's draft does, so a damaged image is an error and never a bad `Code`.
//!
//! A program calls few of the functions of the modules that it imports. So a code is its head, which making a function needs, and a
//! body with its length before it: `open` leaves the bodies until somebody looks into them, and the texts likewise. That a file still
//! holds what was written is for its reader to check, by a sum over the whole; code that is damaged all the same says so when it runs.
//!
//! To add a field to `Draft`: `Writer::draft` and `Reader::draft` take it apart by name, the compiler asks for both.

mod read;
mod write;

use std::rc::Rc;

pub use self::read::{open, read};
pub use self::write::write;
use super::code::{Code, CodeKind};

/// A module: its code and the names of its global slots.
pub type Opened = (Rc<Code>, Vec<Rc<str>>);

/// The bytes of an image that stays in use.
#[derive(Clone, Debug)]
pub enum Image {
    /// The build made it: the library's.
    Built(&'static [u8]),
    /// It was read from a file.
    Stored(Rc<[u8]>),
}

impl Image {
    fn bytes(&self) -> &[u8] {
        match self {
            Image::Built(bytes) => bytes,
            Image::Stored(bytes) => bytes,
        }
    }
}

/// The kinds of code, by the number that an image has for them.
const KINDS: [CodeKind; 7] = [
    CodeKind::Function,
    CodeKind::Coroutine,
    CodeKind::Generator,
    CodeKind::AsyncGenerator,
    CodeKind::Module,
    CodeKind::AsyncModule,
    CodeKind::Class,
];
