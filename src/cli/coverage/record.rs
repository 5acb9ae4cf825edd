//! What one process notes: the offsets of the statements that ran, by file.
//!
//! `VARIABLE` in the environment names the folder that the notes go to; processes that a test starts inherit it. A process
//! that is killed leaves no notes.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The variable of the environment that names the folder for notes.
pub const VARIABLE: &str = "APY_COVERAGE";
/// The ending of files with notes.
pub const ENDING: &str = "ran";

/// The statements of one file that ran.
struct Ran {
    path: PathBuf,
    /// A bit for each byte of the text.
    bits: Vec<u64>,
}

/// The notes of this process.
pub struct Recorder {
    folder: PathBuf,
    /// By the number of the text.
    files: Vec<Option<Ran>>,
}

impl Recorder {
    /// One that writes to the folder that the environment names; None if it names none.
    #[must_use]
    pub fn of_this_process() -> Option<Recorder> {
        let folder = PathBuf::from(std::env::var_os(VARIABLE)?);
        folder.is_dir().then(|| Recorder {
            folder,
            files: Vec::new(),
        })
    }

    /// A text begins to run; whether it is a file that can be measured.
    pub fn begin(&mut self, file: u32, name: &str) -> bool {
        if name.starts_with('<') {
            return false;
        }
        let Ok(path) = std::path::absolute(Path::new(name)) else {
            return false;
        };
        let at = file as usize;
        if self.files.len() <= at {
            self.files.resize_with(at + 1, || None);
        }
        self.files[at] = Some(Ran {
            path,
            bits: Vec::new(),
        });
        true
    }

    /// The statement at this offset of a text ran.
    pub fn note(&mut self, file: u32, offset: u32) {
        let Some(Some(ran)) = self.files.get_mut(file as usize) else {
            return;
        };
        let (word, bit) = (offset as usize / 64, offset % 64);
        if ran.bits.len() <= word {
            ran.bits.resize(word + 1, 0);
        }
        ran.bits[word] |= 1 << bit;
    }

    /// Writes the notes, one file a line: its path, then the offsets.
    ///
    /// # Errors
    /// The system's.
    #[expect(
        clippy::disallowed_methods,
        reason = "notes go to a folder of `apy test`"
    )]
    pub fn write(&self) -> std::io::Result<()> {
        let mut text = String::new();
        for ran in self.files.iter().flatten() {
            let _ = write!(text, "{}\t", ran.path.display());
            for (at, word) in ran.bits.iter().enumerate() {
                let set = (0..64).filter(|bit| word >> bit & 1 == 1);
                set.for_each(|bit| {
                    let _ = write!(text, "{} ", at * 64 + bit);
                });
            }
            text.push('\n');
        }
        let name = format!("{}.{ENDING}", std::process::id());
        std::fs::write(self.folder.join(name), text)
    }
}
