//! Mutants: programs with a few pieces lost, doubled, swapped or brought in from elsewhere.
//!
//! Most of what people get wrong is near a correct program, so the texts begin as correct ones. A generator with a seed decides, so
//! what fails here fails everywhere. To make it nastier, add a row to `CHANGES`.

use super::{PIECES, Random};

/// A change of a text that was cut into pieces: names and numbers, runs of blanks, other characters one by one.
type Change = fn(&mut Vec<String>, &[Vec<String>], &mut Random);

const CHANGES: &[Change] = &[
    // Lose a piece.
    |pieces, _, random| {
        pieces.remove(random.below(pieces.len()));
    },
    // Double a piece.
    |pieces, _, random| {
        let at = random.below(pieces.len());
        pieces.insert(at, pieces[at].clone());
    },
    // Swap neighbours.
    |pieces, _, random| {
        let at = random.below(pieces.len());
        let next = (at + 1) % pieces.len();
        pieces.swap(at, next);
    },
    // Swap any two.
    |pieces, _, random| {
        let (a, b) = (random.below(pieces.len()), random.below(pieces.len()));
        pieces.swap(a, b);
    },
    // Bring in something odd.
    |pieces, _, random| {
        let at = random.below(pieces.len());
        pieces.insert(at, PIECES[random.below(PIECES.len())].to_owned());
    },
    // Put a piece of another program in the place of one.
    |pieces, others, random| {
        let other = &others[random.below(others.len())];
        let at = random.below(pieces.len());
        pieces[at] = other[random.below(other.len())].clone();
    },
    // Bring in a stretch of another program.
    |pieces, others, random| {
        let other = &others[random.below(others.len())];
        let (from, length) = (random.below(other.len()), random.below(20));
        let stretch = other.iter().skip(from).take(length).cloned();
        let at = random.below(pieces.len());
        pieces.splice(at..at, stretch);
    },
    // Lose a stretch.
    |pieces, _, random| {
        let from = random.below(pieces.len());
        let to = (from + random.below(20)).min(pieces.len());
        pieces.drain(from..to);
    },
    // Double a stretch.
    |pieces, _, random| {
        let from = random.below(pieces.len());
        let to = (from + random.below(30)).min(pieces.len());
        let stretch = pieces[from..to].to_vec();
        pieces.splice(to..to, stretch);
    },
    // Stop early.
    |pieces, _, random| pieces.truncate(1 + random.below(pieces.len())),
    // Indent or dedent a line.
    |pieces, _, random| {
        let lines: Vec<usize> = (0..pieces.len()).filter(|at| pieces[*at] == "\n").collect();
        if !lines.is_empty() {
            let at = lines[random.below(lines.len())] + 1;
            match random.below(3) {
                0 => pieces.insert(at, "  ".to_owned()),
                1 => pieces.insert(at, "\t".to_owned()),
                _ if at < pieces.len() => drop(pieces.remove(at)),
                _ => {}
            }
        }
    },
];

/// Cuts a text into pieces.
pub fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in text.chars() {
        let kind = |c: char| match c {
            '_' => 'a',
            c if c.is_alphanumeric() => 'a',
            ' ' => ' ',
            _ => '.',
        };
        match pieces.last_mut() {
            Some(piece) if kind(c) == kind(last) && kind(c) != '.' => piece.push(c),
            _ => pieces.push(c.to_string()),
        }
        last = c;
    }
    pieces
}

/// One to four changes of a program; now and then of its bytes, too.
pub fn mutant(program: &[String], others: &[Vec<String>], random: &mut Random) -> Vec<u8> {
    let mut pieces = program.to_vec();
    for _ in 0..=random.below(4) {
        if pieces.is_empty() {
            break;
        }
        CHANGES[random.below(CHANGES.len())](&mut pieces, others, random);
    }
    let mut bytes = pieces.concat().into_bytes();
    if random.below(8) == 0 && !bytes.is_empty() {
        let at = random.below(bytes.len());
        match random.below(3) {
            0 => bytes[at] = random.below(256) as u8,
            1 => bytes.insert(at, random.below(256) as u8),
            _ => drop(bytes.remove(at)),
        }
    }
    bytes
}
