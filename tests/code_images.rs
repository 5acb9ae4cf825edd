//! `bytecode::image`: code that was written is read back the same, and damaged images are errors.
//!
//! The modules of `src/library` are read from such images; that each of them is whole is a unit test of `embed/library.rs`.

use std::rc::Rc;

use apy_front::bytecode::image::Image;
use apy_front::bytecode::{Code, Const, GlobalNames, image};
use apy_front::compile::{Mode, compile_module};
use apy_front::syntax::parse_module;

const PROGRAM: &str = r#"
"""A module."""
import a
class C(a.B):
    x: int = 1 << 70
    def f(self, p, /, q=1.5, *args, k=2j, **kwargs):
        "Doc."
        try:
            return [q for q in args if q in {1, 2, "three"}]
        except (ValueError, b"x"):
            raise
async def g():
    async with C() as c:
        yield lambda: (c, ..., None, True)
"#;

fn stored(bytes: &[u8]) -> Image {
    Image::Stored(bytes.into())
}

fn written() -> (Rc<Code>, Vec<u8>) {
    let mut names = GlobalNames::new();
    let module = parse_module(PROGRAM).module.expect("no mistakes");
    let (code, _) =
        compile_module(&module, 7, PROGRAM, Mode::Script, &mut names).expect("no mistakes");
    let image = image::write(&code, &names);
    (code, image)
}

#[test]
fn written_code_is_read_back_the_same() {
    let (code, image) = written();
    let (read, names) = image::read(stored(&image), 7).expect("a whole image");
    assert_eq!(read, code);
    assert!(names.iter().any(|name| &**name == "C"));
}

#[test]
fn images_that_are_cut_off_are_errors() {
    let (_, image) = written();
    for length in 0..image.len() {
        assert!(
            image::read(stored(&image[..length]), 0).is_err(),
            "cut at {length}"
        );
    }
}

#[test]
fn damaged_images_do_not_panic() {
    let (_, image) = written();
    for at in 0..image.len() {
        let mut damaged = image.clone();
        damaged[at] ^= 0x55;
        // It may still be whole, and mean other code.
        let _ = image::read(stored(&damaged), 0);
    }
}

#[test]
fn damaged_images_that_are_opened_do_not_panic() {
    let (_, image) = written();
    for at in 0..image.len() {
        let mut damaged = image.clone();
        damaged[at] ^= 0x55;
        if let Ok((code, _)) = image::open(stored(&damaged), 0) {
            look_into(&code);
        }
    }
}

/// Reads the code and all codes in it.
fn look_into(code: &Code) {
    let _ = (code.docstring(), code.stored_in_self());
    for constant in &code.consts {
        if let Const::Code(inner) = constant {
            look_into(inner);
        }
    }
}
