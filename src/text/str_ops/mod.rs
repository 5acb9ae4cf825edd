//! What the methods of str do, on `&str` and by code point.
//!
//! Parts of a text come back as slices of it, new texts as `String`. ASCII is answered by bytes, without decoding.
//! Optional arguments are resolved by the caller: a `maxsplit` or `count` below zero means no limit.
//!
//! To add a method: its function in the file of its topic, its cases in `oracle/generate.py`.

pub mod case;
pub mod classify;
pub mod pad;
pub mod search;
pub mod split;
pub mod strip;

/// Which end of a text an operation works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The start.
    Left,
    /// The end.
    Right,
    /// Both.
    Both,
}

/// How often an operation may happen: a count below zero sets no limit.
fn limit(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Side, case, classify, pad, search, split, strip};
    use crate::text::pause::{self, unpaused};
    use crate::text::positions::Indexed;
    use crate::text::str_repr::str_repr;
    use crate::text::{TextResult, oracle};

    /// Each row is a method, the text, the arguments, and what CPython returned.
    #[test]
    fn methods_agree_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/str_ops.tsv")) {
            let cells: Vec<String> = row.iter().map(|cell| oracle::unescape(cell)).collect();
            let (method, text, args) = (&*cells[0], &*cells[1], &cells[2..cells.len() - 1]);
            let result = match args {
                [] => Ok(plain(method, text)),
                args => with_args(method, text, args),
            };
            oracle::check(result, row[row.len() - 1], &row);
        }
    }

    fn mapped(text: &str, map: impl Fn(&str, std::ops::Range<usize>, &mut String)) -> String {
        pause::mapped(text, map, &mut unpaused).expect("there is memory")
    }

    fn plain(method: &str, text: &str) -> String {
        match method {
            "lower" => mapped(text, case::lower),
            "upper" => mapped(text, case::upper),
            "title" => mapped(text, case::title),
            "capitalize" => mapped(text, case::capitalize),
            "swapcase" => mapped(text, case::swapcase),
            "casefold" => mapped(text, case::casefold),
            "strip" => strip::strip_space(text, Side::Both).to_owned(),
            "lstrip" => strip::strip_space(text, Side::Left).to_owned(),
            "rstrip" => strip::strip_space(text, Side::Right).to_owned(),
            _ => {
                let test = match method {
                    "isalpha" => classify::is_alpha,
                    "isalnum" => classify::is_alnum,
                    "isdigit" => classify::is_digit,
                    "isdecimal" => classify::is_decimal,
                    "isnumeric" => classify::is_numeric,
                    "isspace" => classify::is_space,
                    "isidentifier" => classify::is_identifier,
                    "isprintable" => classify::is_printable,
                    "istitle" => classify::is_title,
                    "isupper" => classify::is_upper,
                    "islower" => classify::is_lower,
                    other => panic!("no method {other}"),
                };
                let answer = if test(text) { "True" } else { "False" };
                answer.to_owned()
            }
        }
    }

    fn with_args(method: &str, text: &str, args: &[String]) -> TextResult<String> {
        let first = &*args[0];
        let number = |at: usize| args[at].parse::<i64>().expect("a number");
        let bound = |at: usize| args[at].parse::<i64>().ok();
        let indexed = Indexed::new(text);
        let found = |found: Option<usize>| Ok(found.map_or("-1".to_owned(), |at| at.to_string()));
        let truth = |truth: bool| Ok(if truth { "True" } else { "False" }.to_owned());
        match method {
            "split" if first == "None" => {
                split::split_space(text, number(1), &mut unpaused).map(|parts| list(&parts))
            }
            "rsplit" if first == "None" => {
                split::rsplit_space(text, number(1), &mut unpaused).map(|parts| list(&parts))
            }
            "split" => {
                split::split(text, first, number(1), &mut unpaused).map(|parts| list(&parts))
            }
            "rsplit" => {
                split::rsplit(text, first, number(1), &mut unpaused).map(|parts| list(&parts))
            }
            "splitlines" if first == "True" => {
                split::splitlines(text, split::LineEnds::Keep, &mut unpaused)
                    .map(|parts| list(&parts))
            }
            "splitlines" => split::splitlines(text, split::LineEnds::Drop, &mut unpaused)
                .map(|parts| list(&parts)),
            "strip" => Ok(strip::strip_chars(text, first, Side::Both).to_owned()),
            "lstrip" => Ok(strip::strip_chars(text, first, Side::Left).to_owned()),
            "rstrip" => Ok(strip::strip_chars(text, first, Side::Right).to_owned()),
            "removeprefix" => Ok(strip::remove_prefix(text, first).to_owned()),
            "removesuffix" => Ok(strip::remove_suffix(text, first).to_owned()),
            "partition" => search::partition(text, first).map(|(a, b, c)| list(&[a, b, c])),
            "rpartition" => search::rpartition(text, first).map(|(a, b, c)| list(&[a, b, c])),
            "replace" => search::replace(text, first, &args[1], number(2), &mut unpaused),
            "find" => found(indexed.find(first, bound(1), bound(2))),
            "rfind" => found(indexed.rfind(first, bound(1), bound(2))),
            "count" => Ok(indexed.count(first, bound(1), bound(2)).to_string()),
            "startswith" => truth(indexed.starts_with(first, bound(1), bound(2))),
            "endswith" => truth(indexed.ends_with(first, bound(1), bound(2))),
            "slice" => Ok(indexed
                .slice(number(0) as usize, number(1) as usize)
                .to_owned()),
            "center" => pad::center(text, indexed.len(), number(0), fill(args), &mut unpaused),
            "ljust" => pad::ljust(text, indexed.len(), number(0), fill(args), &mut unpaused),
            "rjust" => pad::rjust(text, indexed.len(), number(0), fill(args), &mut unpaused),
            "zfill" => pad::zfill(text, indexed.len(), number(0), &mut unpaused),
            "expandtabs" => pad::expandtabs(text, number(0), &mut unpaused),
            other => panic!("no method {other}"),
        }
    }

    fn fill(args: &[String]) -> char {
        args[1].chars().next().expect("a fill character")
    }

    fn list(parts: &[&str]) -> String {
        let parts: Vec<String> = parts.iter().map(|part| str_repr(part)).collect();
        parts.join(", ")
    }
}
