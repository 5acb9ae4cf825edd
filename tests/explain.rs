//! `apy explain`: from the number in a message to its explanation.

use std::process::{Command, Output};

fn explain(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_apy"))
        .arg("explain")
        .args(words)
        .output()
        .expect("apy starts")
}

#[test]
fn a_number_is_explained_with_examples() {
    for number in ["E0106", "e0106", "[E0106]"] {
        let output = explain(&[number]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.starts_with("E0106: "),
            "{text}"
        );
        assert!(
            text.contains("Wrong:\n\n    x = 1\n    if x > 0\n") && text.contains("Right:"),
            "{text}"
        );
    }
}

#[test]
fn without_a_number_all_are_listed() {
    let output = explain(&[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.lines().count() > 60 && text.starts_with("E0001  SyntaxError: "),
        "{text}"
    );
}

#[test]
fn an_unknown_number_suggests_the_nearest() {
    let output = explain(&["E1006"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("did you mean E0006?"), "{text}");
}
