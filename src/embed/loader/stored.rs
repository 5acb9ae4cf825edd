//! The stored form of a compiled module: the image of its code after a head that says what it was made from.
//!
//! A stored module holds as long as the compiler and the text of its file are the same; times of files do not count. The head has a
//! sum over the text and one over the image: bytes that do not fit are compiled anew, and what was written is not trusted further than
//! the reader of images trusts anything.

use std::hash::{DefaultHasher, Hasher};
use std::rc::Rc;

use crate::bytecode::image::Image;
use crate::bytecode::{Code, GlobalNames, image};

/// How a stored module begins; the build's number of the compiler follows, then the two sums.
const MAGIC: &[u8; 8] = b"apycode\n";
const COMPILER: &[u8; 16] = env_bytes(env!("APY_COMPILER"));
const HEAD: usize = MAGIC.len() + COMPILER.len() + 2 * size_of::<u64>();

const fn env_bytes(text: &'static str) -> &'static [u8; 16] {
    match text.as_bytes().first_chunk() {
        Some(bytes) => bytes,
        None => panic!("the build script writes 16 digits"),
    }
}

/// The stored form of the code that was compiled from a text.
pub(super) fn write(text: &str, code: &Code, names: &GlobalNames) -> Vec<u8> {
    let image = image::write(code, names);
    let mut stored = Vec::with_capacity(HEAD + image.len());
    stored.extend_from_slice(&head(text, &image));
    stored.extend_from_slice(&image);
    stored
}

/// The image in a stored module, if that was made from this text by this compiler.
pub(super) fn read(text: &str, stored: &[u8]) -> Option<Image> {
    let (found, image) = stored.split_first_chunk::<HEAD>()?;
    (*found == head(text, image)).then(|| Image::Stored(Rc::from(image)))
}

fn head(text: &str, image: &[u8]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let (start, sums) = head.split_at_mut(MAGIC.len() + COMPILER.len());
    start[..MAGIC.len()].copy_from_slice(MAGIC);
    start[MAGIC.len()..].copy_from_slice(COMPILER);
    let (of_text, of_image) = sums.split_at_mut(size_of::<u64>());
    of_text.copy_from_slice(&sum(text.as_bytes()).to_le_bytes());
    of_image.copy_from_slice(&sum(image).to_le_bytes());
    head
}

/// Any change of the bytes changes it, but for one in 2^64.
fn sum(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::compile::{Mode, compile_module};
    use crate::embed::module_store::ModuleStore;
    use crate::embed::{Interpreter, Options};
    use crate::syntax::parse_module;
    use crate::vm::NoHost;

    const TEXT: &str = "def f(x, *, y=[2]):\n    try:\n        return {x: lambda: y}\n    finally:\n        x += 1\nf(1)[1]()\n";

    fn stored() -> Vec<u8> {
        let mut names = GlobalNames::new();
        let module = parse_module(TEXT).module.expect("no mistakes");
        let compiled = compile_module(&module, 0, TEXT, Mode::Script, &mut names);
        let (code, _) = compiled.expect("no mistakes");
        write(TEXT, &code, &names)
    }

    #[test]
    fn it_is_read_for_the_same_text() {
        let image = read(TEXT, &stored()).expect("nothing has changed");
        assert!(image::open(image, 0).is_ok());
    }

    #[test]
    fn another_text_does_not_get_it() {
        assert!(read("def f(): pass\n", &stored()).is_none());
    }

    #[test]
    fn no_byte_may_change_and_none_be_missing() {
        let stored = stored();
        for at in 0..stored.len() {
            assert!(read(TEXT, &stored[..at]).is_none(), "cut at {at}");
            let mut damaged = stored.clone();
            damaged[at] ^= 1;
            assert!(read(TEXT, &damaged).is_none(), "changed at {at}");
        }
    }

    /// A store in which somebody has put an image that fits its sums and was never written by a compiler.
    struct Forged(Vec<u8>);

    impl ModuleStore for Forged {
        fn read(&self, _: &Path) -> Option<Vec<u8>> {
            let mut stored = head(TEXT, &self.0).to_vec();
            stored.extend_from_slice(&self.0);
            Some(stored)
        }

        fn write(&self, _: &Path, _: &[u8]) {}

        fn writes(&self) -> bool {
            true
        }

        fn prefix(&self) -> Option<&Path> {
            None
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "imports are of files")]
    fn forged_code_runs_or_raises() {
        let folder = std::env::temp_dir().join(format!("apy-forged-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("forged.py"), TEXT).expect("a file");
        let whole = stored()[HEAD..].to_vec();
        for at in 0..whole.len() {
            let mut image = whole.clone();
            image[at] ^= 0x55;
            let mut interpreter = Interpreter::new(Options {
                path: vec![folder.clone()],
                store: Some(Arc::new(Forged(image))),
                ..Options::repeatable(NoHost)
            });
            interpreter.run("program", b"import forged", Mode::Script);
            interpreter.run("program", b"assert 1 + 1 == 2", Mode::Script);
        }
        std::fs::remove_dir_all(&folder).expect("it was made above");
    }
}
