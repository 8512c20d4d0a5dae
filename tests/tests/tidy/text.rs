//! Rules on the text of a file: its head, its line ends, nothing unfinished.

use workspace_tests::hold;

use crate::tree::{File, files, sources};

/// Pieced together, or this file would break its own rule.
const UNFINISHED: [&str; 5] = [
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

const WRITTEN_BY_HAND: [&str; 6] = [".rs", ".toml", ".md", ".yml", ".cff", ".ci/run"];

fn has_no_head(file: &File) -> Option<String> {
    let missing = !file.text.starts_with("//! ");
    missing.then(|| format!("{}: opens without its job (hint: begin with `//! …`)", file.path))
}

fn trailing_spaces(file: &File) -> Vec<String> {
    let bad = file.lines().filter(|(_, line)| line.ends_with([' ', '\t', '\r']));
    bad.map(|(number, _)| {
        format!("{}:{number}: ends in a space (hint: cargo fmt, or your editor)", file.path)
    })
    .collect()
}

fn unfinished(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in file.lines() {
        for mark in UNFINISHED.iter().filter(|mark| has_word(line, mark)) {
            complaints
                .push(format!("{}:{number}: `{mark}` (hint: do it, or open an issue)", file.path));
        }
    }
    complaints
}

/// Whether `word` stands in `line`, not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        let goes_on = word.ends_with(is_letter) && after.is_some_and(is_letter);
        !goes_on && !before.is_some_and(is_letter)
    })
}

fn is_letter(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[test]
fn every_source_opens_with_its_job() {
    hold(sources().iter().filter_map(has_no_head));
}

#[test]
fn a_source_without_a_head_is_found() {
    assert!(has_no_head(&File::new("a.rs", "use std::io;\n")).is_some());
    assert!(has_no_head(&File::new("a.rs", "//! Reads.\n")).is_none());
}

#[test]
fn no_line_ends_in_a_space() {
    let by_hand = files(|path| WRITTEN_BY_HAND.iter().any(|end| path.ends_with(end)));
    hold(by_hand.iter().flat_map(trailing_spaces));
}

#[test]
fn a_space_or_tab_at_a_line_end_is_found() {
    let complaints = trailing_spaces(&File::new("a.md", "one\ntwo \nthree\t\n"));
    assert!(complaints[0].starts_with("a.md:2:") && complaints[1].starts_with("a.md:3:"));
}

#[test]
fn nothing_is_left_unfinished() {
    hold(sources().iter().flat_map(unfinished));
}

#[test]
fn each_mark_of_the_unfinished_is_found() {
    for mark in UNFINISHED {
        let found = unfinished(&File::new("a.rs", &format!("let a = 1;\n// {mark} b\n")));
        assert!(found.len() == 1 && found[0].starts_with("a.rs:2:"), "{mark}: {found:?}");
    }
}

#[test]
fn a_mark_within_a_word_is_none() {
    let text = concat!("let XX", "XL = METHO", "DO_TO", "DOS;");
    assert_eq!(unfinished(&File::new("a.rs", text)), Vec::<String>::new());
}
