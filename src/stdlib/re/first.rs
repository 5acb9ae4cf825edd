//! With which bytes a match can begin, so that a search skips all other places.
//!
//! The answer may hold bytes too many, but never one too few: a search skips what is not in it.

use super::charset::CharSet;
use super::program::{MatchOp, One};
use super::source::TextKind;

/// How many instructions the search for first bytes looks at.
const LIMIT: usize = 200;

/// The bytes that a match can begin with, for a pattern that matches no empty text. `None`: any.
pub fn first_bytes(ops: &[MatchOp], sets: &[CharSet], kind: TextKind) -> Option<Box<[bool; 256]>> {
    let mut found = Box::new([false; 256]);
    let mut seen = Vec::new();
    let mut pending = vec![0_usize];
    while let Some(at) = pending.pop() {
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        if seen.len() > LIMIT {
            return None;
        }
        match ops.get(at)? {
            MatchOp::One(one) => add(&mut found, *one, sets, kind),
            MatchOp::Literal(text) => found[usize::from(*text.first()?)] = true,
            MatchOp::Repeat(one, min, _, _) => {
                add(&mut found, *one, sets, kind);
                if *min == 0 {
                    pending.push(at + 1);
                }
            }
            MatchOp::Look(_) | MatchOp::Save(_) | MatchOp::LoopStart(_) | MatchOp::Commit(_) => {
                pending.push(at + 1)
            }
            MatchOp::Split(a, b) => pending.extend([*a as usize, *b as usize]),
            MatchOp::Jump(to) => pending.push(*to as usize),
            MatchOp::LoopEnd(looped) => {
                pending.push(looped.body as usize);
                pending.push(at + 1);
            }
            MatchOp::Fail => {}
            // The others read other places, or the matched text.
            _ => return None,
        }
    }
    if found.iter().all(|&is_first| is_first) {
        return None;
    }
    Some(found)
}

fn add(found: &mut [bool; 256], one: One, sets: &[CharSet], kind: TextKind) {
    let matches = |code: u32| match one {
        One::Char(c) => c == code,
        One::NotNewline => code != 10,
        One::Any => true,
        One::Set(set) => sets[set as usize].contains(code),
    };
    let plain = if kind == TextKind::Bytes { 256 } else { 128 };
    for code in 0..plain {
        found[code as usize] |= matches(code);
    }
    if kind == TextKind::Bytes {
        return;
    }
    if let One::Char(c) = one {
        if let Some(c) = char::from_u32(c) {
            found[usize::from(c.encode_utf8(&mut [0; 4]).as_bytes()[0])] = true;
        }
        return;
    }
    // Which characters beyond ASCII are in a set is not asked: all may be.
    found[128..].fill(true);
}
