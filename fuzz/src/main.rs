//! A driver for compilers without libFuzzer: mutants of seeds, one target, one process, the same for each seed.
//!
//! `cargo run --manifest-path fuzz/Cargo.toml -- TARGET [SECONDS [SEED]]`. It stops at the first panic and writes the input to
//! `fuzz/found`. An abort or a hang needs `fuzz/run`, which gives each input a process of its own.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use apy_fuzz::{TARGETS, image_of};

/// A small generator of numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end.max(1)
    }

    /// Bytes of a seed with some changed, dropped, doubled, or taken from another one.
    fn mutant(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut data = seeds[self.below(seeds.len())].clone();
        data.truncate(4000);
        for _ in 0..=self.below(6) {
            let at = self.below(data.len() + 1);
            let end = data.len().min(at + self.below(30));
            match self.below(4) {
                0 => drop(data.drain(at..end)),
                1 => data.insert(at, self.below(256) as u8),
                2 => {
                    let part = data[at..end].repeat(1 + self.below(40));
                    data.splice(at..at, part);
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    let to = other.len().min(from + self.below(60));
                    data.splice(at..at, other[from..to].iter().copied());
                }
            }
        }
        data
    }
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|end| end == "apy" || end == "seed") {
            into.push(path);
        }
    }
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("seeds").join(target), &mut paths);
    if target != "generated" && target != "values" {
        files(&root.join("../tests/golden"), &mut paths);
    }
    paths.sort();
    let texts = paths.iter().flat_map(std::fs::read);
    match target {
        "image" => texts
            .filter_map(|text| image_of(&String::from_utf8_lossy(&text)))
            .collect(),
        _ => texts.collect(),
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let Some((_, target)) = TARGETS.iter().find(|(known, _)| *known == name) else {
        let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        eprintln!("TARGET [SECONDS [SEED]]; targets: {}", names.join(", "));
        std::process::exit(2);
    };
    let mut number = |usual| args.next().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (seconds, seed) = (number(60), number(1));
    let (mut random, seeds) = (Random(seed.max(1)), seeds(&name));
    let (began, mut runs) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(seconds) {
        let data = random.mutant(&seeds);
        runs += 1;
        if catch_unwind(|| target(&data)).is_err() {
            let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("found");
            let path = found.join(format!("{name}-{seed}-{runs}"));
            let written = std::fs::create_dir_all(found).and_then(|()| std::fs::write(&path, &data));
            eprintln!("run {runs}: {} ({written:?})", path.display());
            std::process::exit(1);
        }
    }
    println!("{runs} runs of {name}, none ended badly");
}
