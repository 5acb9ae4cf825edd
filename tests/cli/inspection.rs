//! `--inspect` and `apy ps`: what is seen of a running program, and by which files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::{err, out, status};

/// Two tasks want one lock; the program says when it is that far, and ends when its input does.
const SHOP: &str = "
import asyncio
async def fetch(lock):
    async with lock:
        await asyncio.sleep(600)
async def main():
    lock = asyncio.Lock()
    tasks = [asyncio.create_task(fetch(lock), name=name) for name in ('first', 'sec\\x1bond')]
    await asyncio.sleep(0)
    print('ready', flush=True)
    await asyncio.to_thread(input)
asyncio.run(main())
";

fn folder(name: &str) -> PathBuf {
    // The path of a socket has room for about a hundred bytes.
    let folder = std::env::temp_dir().join(format!("apy-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn apy(runtime: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apy"));
    command
        .args(args)
        .env("XDG_RUNTIME_DIR", runtime)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn ps(runtime: &Path, args: &[&str]) -> Output {
    let args: Vec<&str> = ["ps"].iter().chain(args).copied().collect();
    apy(runtime, &args).output().expect("apy runs")
}

/// Starts a program and waits until its socket is there.
fn start(runtime: &Path, code: &str) -> (Child, PathBuf) {
    let child = apy(runtime, &["--inspect", "-c", code]).spawn();
    let child = child.expect("apy starts");
    let socket = runtime.join("apy").join(format!("{}.sock", child.id()));
    let began = Instant::now();
    while !socket.exists() {
        assert!(began.elapsed() < Duration::from_secs(30), "no socket");
        std::thread::sleep(Duration::from_millis(10));
    }
    (child, socket)
}

/// Asks until the answer has these words.
fn answer(runtime: &Path, child: &Child, words: &str) -> String {
    let began = Instant::now();
    loop {
        let output = ps(runtime, &[&child.id().to_string()]);
        let text = out(&output);
        if text.contains(words) {
            return text;
        }
        let error = err(&output);
        assert!(began.elapsed() < Duration::from_secs(30), "{text}{error}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_tasks_of_a_waiting_program_are_shown() {
    let runtime = folder("waiting");
    let (mut child, socket) = start(&runtime, SHOP);
    let text = answer(&runtime, &child, "held by");
    let tree = "task 'sec?ond' at <string>:4 in fetch waits for Lock.acquire: held by task 'first'\n  \
                task 'first' at <string>:5 in fetch waits for sleep\n";
    assert!(text.contains(tree), "{text}");
    assert!(text.contains("\n3 tasks"), "{text}");
    let rights = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(
        (rights(&runtime.join("apy")), rights(&socket)),
        (0o700, 0o600)
    );
    let listed = out(&ps(&runtime, &[]));
    assert!(
        listed.contains(&format!("{}  3 tasks", child.id())),
        "{listed}"
    );
    drop(child.stdin.take());
    child.wait().expect("it ends");
    assert!(!socket.exists());
    let gone = ps(&runtime, &[&child.id().to_string()]);
    assert_eq!(status(&gone), 1);
    assert!(err(&gone).contains("runs with --inspect"), "{}", err(&gone));
}

#[test]
fn a_busy_program_answers_and_goes_on() {
    let runtime = folder("busy");
    let code = "
import asyncio
async def spin():
    while True:
        for n in range(1000):
            pass
asyncio.run(spin())
";
    let (mut child, socket) = start(&runtime, code);
    for _ in 0..3 {
        let text = answer(&runtime, &child, "1 task\n");
        assert!(text.contains("in spin runs"), "{text}");
    }
    assert!(child.try_wait().expect("a child").is_none());
    child.kill().expect("it runs");
    child.wait().expect("it was killed");
    // Listing removes what a killed program left.
    assert!(socket.exists());
    assert_eq!(out(&ps(&runtime, &[])), "");
    assert!(!socket.exists());
}

#[test]
fn a_folder_that_others_may_use_is_refused() {
    let runtime = folder("open");
    let sockets = runtime.join("apy");
    fs::create_dir_all(&sockets).expect("a folder");
    fs::set_permissions(&sockets, Permissions::from_mode(0o777)).expect("mine");
    let listed = ps(&runtime, &[]);
    assert_eq!(status(&listed), 1);
    assert!(err(&listed).contains("not a folder of yours alone"));
    let ran = apy(&runtime, &["--inspect", "-c", "print(7)"]).output();
    let ran = ran.expect("apy runs");
    assert_eq!((out(&ran), status(&ran)), ("7\n".to_owned(), 0));
    assert!(err(&ran).contains("not a folder of yours alone"));
}
