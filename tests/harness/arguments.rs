//! The command line of a suite: the arguments of libtest that people and tools (cargo test, cargo nextest) pass.
//!
//! Those that make no difference here (`--nocapture`, `--color`, `--format`) are accepted and ignored; an unknown one is
//! an error, so that a misspelt filter flag cannot turn into "0 tests, ok". To add one, add an arm to `from_command_line`.

/// What the command line asks for.
pub struct Arguments {
    /// Names must contain one of these (or be one of them, with `exact`); none means all.
    filters: Vec<String>,
    /// Names must contain none of these.
    skips: Vec<String>,
    exact: bool,
    /// nextest asks for the list of ignored tests apart; there are none.
    only_ignored: bool,
    /// Print the names instead of running.
    pub list: bool,
    /// Print only failures.
    pub quiet: bool,
    /// How many programs run at once.
    pub threads: usize,
}

impl Arguments {
    /// Reads the arguments of this process.
    pub fn from_command_line() -> Result<Arguments, String> {
        let mut parsed = Arguments {
            filters: Vec::new(),
            skips: Vec::new(),
            exact: false,
            only_ignored: false,
            list: false,
            quiet: false,
            threads: std::thread::available_parallelism().map_or(2, usize::from),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let (flag, inline) = match argument.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => {
                    (flag.to_owned(), Some(value.to_owned()))
                }
                _ => (argument, None),
            };
            let mut value = || {
                let value = inline.clone().or_else(|| arguments.next());
                value.ok_or_else(|| format!("{flag} needs a value"))
            };
            match flag.as_str() {
                "--exact" => parsed.exact = true,
                "--list" => parsed.list = true,
                "--ignored" => parsed.only_ignored = true,
                "-q" | "--quiet" => parsed.quiet = true,
                "--skip" => parsed.skips.push(value()?),
                "--test-threads" => {
                    let count = value()?;
                    parsed.threads =
                        count
                            .parse()
                            .ok()
                            .filter(|count| *count > 0)
                            .ok_or_else(|| {
                                format!("--test-threads takes a number above 0, not `{count}`")
                            })?;
                }
                "--color" | "--format" | "--logfile" | "-Z" => drop(value()?),
                "--nocapture" | "--no-capture" | "--show-output" | "--include-ignored"
                | "--test" => {}
                flag if flag.starts_with('-') => return Err(format!("unknown argument `{flag}`")),
                filter => parsed.filters.push(filter.to_owned()),
            }
        }
        Ok(parsed)
    }

    /// Whether the test of this name is to run.
    pub fn selects(&self, name: &str) -> bool {
        let matches = |pattern: &String| {
            if self.exact {
                name == pattern
            } else {
                name.contains(pattern.as_str())
            }
        };
        !self.only_ignored
            && (self.filters.is_empty() || self.filters.iter().any(matches))
            && !self.skips.iter().any(matches)
    }
}
