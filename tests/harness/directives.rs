//! The comments with which a golden program may open to say how it is to be run.
//!
//! They stand in the comment lines before the first line of code, are read by this harness and by `tests/oracle.py`, and
//! mean nothing to the language. To add one, add a field, an arm and a line in `tests/golden/README.md`.

/// How one program wants to be run.
#[derive(Debug, PartialEq, Eq)]
pub struct Directives {
    /// `# apy: --seed 7 --time real`: flags in front of the file, instead of [`DEFAULT_FLAGS`].
    pub flags: Vec<String>,
    /// `# apy-args: a b`: what the program finds in `sys.argv` after its own name.
    pub arguments: Vec<String>,
    /// `# apy-no-stress: reason`: leave it out of the gc-stress pass.
    pub no_stress: bool,
}

/// The flags of a program that asks for none: no golden waits, none depends on chance.
pub const DEFAULT_FLAGS: [&str; 4] = ["--time", "virtual", "--seed", "0"];

impl Directives {
    /// Reads the directives at the head of a program.
    pub fn of(source: &str) -> Directives {
        let mut directives = Directives {
            flags: DEFAULT_FLAGS.map(str::to_owned).to_vec(),
            arguments: Vec::new(),
            no_stress: false,
        };
        let comments = source
            .lines()
            .map(str::trim)
            .take_while(|line| line.is_empty() || line.starts_with('#'));
        for comment in comments {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
            match comment.trim_start_matches(['#', ' ']).split_once(':') {
                Some(("apy", flags)) => directives.flags = words(flags),
                Some(("apy-args", arguments)) => directives.arguments = words(arguments),
                Some(("apy-no-stress", _)) => directives.no_stress = true,
                _ => {}
            }
        }
        directives
    }
}
