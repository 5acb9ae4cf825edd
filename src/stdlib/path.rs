//! Paths: what a program names files by, as the system's paths and back.
//!
//! A path is a string, bytes, or an object whose `__fspath__` returns one of the two. Names that are not UTF-8 reach the program with each
//! such byte as a private character (`text::escape`), and the system with the byte: apy's texts hold no surrogates.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::arg::{as_str, plain};
use crate::runtime::bytes::Bytes;
use crate::runtime::intern::Sym;
use crate::runtime::{Raised, Value};
use crate::stdlib::os_error;
use crate::text::codec::escape;
use crate::vm::{Local, Vm};

/// A path that a program gave.
pub struct PathArg {
    /// For the system.
    pub path: PathBuf,
    /// The string or bytes that it was given as: what errors name.
    pub object: Local,
    /// Whether it was given as bytes: then names go back as bytes.
    pub is_bytes: bool,
}

/// `os.fspath`: the string or bytes of a path.
pub fn fspath(vm: &mut Vm, path: Local) -> Result<Local, Raised> {
    if is_name(vm, path) {
        return Ok(path);
    }
    let Some(name) = vm.call_special(path, Sym::Fspath, &[])? else {
        let class = vm.heap.type_name(vm.get(path));
        return Err(vm.heap.type_error(format!(
            "expected str, bytes or os.PathLike object, not {class}"
        )));
    };
    if is_name(vm, name) {
        return Ok(name);
    }
    let (class, found) = (
        vm.heap.type_name(vm.get(path)),
        vm.heap.type_name(vm.get(name)),
    );
    Err(vm.heap.type_error(format!(
        "expected {class}.__fspath__() to return str or bytes, not {found}"
    )))
}

fn is_name(vm: &Vm, value: Local) -> bool {
    as_str(&vm.heap, vm.get(value)).is_some() || vm.get(plain(vm, value)).is_gc::<Bytes>()
}

/// The path that an argument names.
pub fn path_arg(vm: &mut Vm, path: Local) -> Result<PathArg, Raised> {
    let object = fspath(vm, path)?;
    let bytes = vm.get(plain(vm, object)).as_gc::<Bytes>();
    let is_bytes = bytes.is_some();
    let name = match bytes {
        Some(bytes) => OsString::from_vec(bytes.as_slice().to_vec()),
        None => os_text(as_str(&vm.heap, vm.get(object)).map_or("", |text| text.as_str())),
    };
    if name.as_bytes().contains(&0) {
        return Err(vm.heap.value_error("embedded null byte"));
    }
    Ok(PathArg {
        path: name.into(),
        object,
        is_bytes,
    })
}

/// The system's name of a text.
pub fn os_text(text: &str) -> OsString {
    OsString::from_vec(escape::to_bytes(text))
}

/// The text of a system's name.
pub fn text_of(name: &OsStr) -> String {
    escape::to_text(name.as_bytes())
}

/// A name as an object: bytes if the program named the directory by bytes.
pub fn name_value<'h>(vm: &'h Vm, name: &OsStr, is_bytes: bool) -> Value<'h> {
    if is_bytes {
        vm.heap.bytes(name.as_bytes()).value()
    } else {
        vm.heap.str_value(&text_of(name))
    }
}

/// A failed call of the system about a path, as an OSError of the class for its number.
pub fn path_error(vm: &Vm, error: &std::io::Error, object: Local) -> Raised {
    os_error::raise(&vm.heap, error, Some(vm.get(object)))
}

/// The same about no path.
pub fn system_error(vm: &Vm, error: &std::io::Error) -> Raised {
    os_error::raise(&vm.heap, error, None)
}
