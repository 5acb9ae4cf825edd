//! Compiles the modules of `src/library` when apy is built.
//!
//! Writes `library.rs` to the build's folder: a table with a row for each `.apy` file: the module's name, whether it is a package, its
//! text (for excerpts and `inspect`) and its image (`bytecode::image`). A mistake in a module ends the build with its place.
//! A new module is a new file and nothing else.
//!
//! It also numbers the compiler, so that code which a run has stored is used by the same compiler only.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use apy_front::bytecode::{GlobalNames, image};
use apy_front::compile::{Mode, compile_module};
use apy_front::diagnostics::{Color, Diagnostic, SourceFile, render_in};
use apy_front::syntax::parse_module;

const FOLDER: &str = "src/library";

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed={FOLDER}");
    println!("cargo::rustc-env=APY_VERSION={}", version());
    println!("cargo::rustc-env=APY_COMPILER={:016x}", compiler());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    match write_table(&out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A number that changes with the compiler: a sum over this script, which contains it.
fn compiler() -> u64 {
    let mut hasher = DefaultHasher::new();
    let script = env::current_exe().and_then(fs::read);
    hasher.write(&script.expect("cargo runs this script from a file"));
    hasher.finish()
}

/// The package's version; in an optimised build with the commit and its day, if there is a repository.
fn version() -> String {
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    // While one develops each commit would build the program anew.
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        return version;
    }
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let text = text.trim().to_owned();
        (output.status.success() && !text.is_empty()).then_some(text)
    };
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    match git(&["log", "-1", "--format=%h %cs"]) {
        Some(commit) => format!("{version} ({commit})"),
        None => version,
    }
}

fn write_table(out: &Path) -> Result<(), String> {
    let mut files = Vec::new();
    collect(Path::new(FOLDER), "", &mut files)?;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let mut table = String::from("&[\n");
    for file in &files {
        let image = out.join(format!("{}.image", file.name));
        fs::write(&image, compile(file)?).map_err(|error| error.to_string())?;
        writeln!(
            table,
            "    Module {{ name: {:?}, is_package: {}, text: include_str!({:?}), image: include_bytes!({image:?}) }},",
            file.name,
            file.path.ends_with("__init__.apy"),
            Path::new(&root).join(&file.path),
        )
        .expect("a string takes all");
    }
    table.push_str("]\n");
    fs::write(out.join("library.rs"), table).map_err(|error| error.to_string())
}

/// A file of the library and the full name of its module.
struct ModuleFile {
    name: String,
    path: PathBuf,
}

fn collect(folder: &Path, package: &str, files: &mut Vec<ModuleFile>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = match (&*stem, package) {
            ("__init__", package) => package.to_owned(),
            (stem, "") => stem.to_owned(),
            (stem, package) => format!("{package}.{stem}"),
        };
        if path.is_dir() {
            collect(&path, &name, files)?;
        } else if path.extension().is_some_and(|extension| extension == "apy") {
            files.push(ModuleFile { name, path });
        }
    }
    Ok(())
}

fn compile(file: &ModuleFile) -> Result<Vec<u8>, String> {
    let shown = file.path.display().to_string();
    let text = fs::read_to_string(&file.path).map_err(|error| format!("{shown}: {error}"))?;
    let source = SourceFile::new(&*shown, &*text);
    let told = |mistakes: &[Diagnostic]| -> String {
        mistakes
            .iter()
            .map(|mistake| render_in(mistake, &source, Color::Never))
            .collect()
    };
    let parsed = parse_module(&text);
    let module = parsed.module.ok_or_else(|| told(&parsed.diagnostics))?;
    let mut names = GlobalNames::new();
    let compiled = compile_module(&module, 0, &text, Mode::Script, &mut names);
    let (code, _) = compiled.map_err(|mistakes| told(&mistakes))?;
    Ok(image::write(&code, &names))
}
