//! A line diff for failure messages: what was expected and missing, what came instead, with a little around it.
//!
//! It is exact for the outputs of goldens and, to stay cheap, shows only the first difference of very long ones.

/// Lines around a change that are shown.
const CONTEXT: usize = 3;
/// Above this many pairs of lines the exact table would take too long.
const TABLE_LIMIT: usize = 1 << 22;

/// The lines of both texts that differ: `-` for expected only, `+` for found only, two blanks for context.
pub fn line_diff(expected: &str, found: &str) -> String {
    let old: Vec<&str> = expected.split_inclusive('\n').collect();
    let new: Vec<&str> = found.split_inclusive('\n').collect();
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[same..], &new[same..]);
    let mut edits: Vec<(char, &str)> = old[..same].iter().map(|line| (' ', *line)).collect();
    if old_rest.len() * new_rest.len() > TABLE_LIMIT {
        edits.extend(old_rest.iter().take(1).map(|line| ('-', *line)));
        edits.extend(new_rest.iter().take(1).map(|line| ('+', *line)));
        edits.push(('?', "too long to compare further\n"));
    } else {
        edits.extend(edit_script(old_rest, new_rest));
    }
    render(&edits)
}

/// The shortest edit script, by the longest common subsequence of the lines.
fn edit_script<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    // lengths[i][j]: the longest common subsequence of old[i..] and new[j..].
    let mut lengths = vec![vec![0u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i][j] = if old[i] == new[j] {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut edits) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            edits.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || lengths[i + 1][j] >= lengths[i][j + 1]) {
            edits.push(('-', old[i]));
            i += 1;
        } else {
            edits.push(('+', new[j]));
            j += 1;
        }
    }
    edits
}

fn render(edits: &[(char, &str)]) -> String {
    let near_change = |at: usize| {
        let from = at.saturating_sub(CONTEXT);
        let to = (at + CONTEXT + 1).min(edits.len());
        edits[from..to].iter().any(|(mark, _)| *mark != ' ')
    };
    let mut text = String::new();
    let mut skipped = false;
    for (at, (mark, line)) in edits.iter().enumerate() {
        if !near_change(at) {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            text += "  ...\n";
        }
        let missing_end = if line.ends_with('\n') {
            ""
        } else {
            "  (no newline at the end)\n"
        };
        text += &format!(
            "{mark} {line}{}{missing_end}",
            if missing_end.is_empty() { "" } else { "\n" }
        );
    }
    text
}
