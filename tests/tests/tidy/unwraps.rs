//! No bare `unwrap` outside tests: what cannot fail says why it cannot.

use workspace_tests::hold;

use crate::tree::{File, sources};

fn bare_unwraps(file: &File) -> Vec<String> {
    if is_test(&file.path) {
        return Vec::new();
    }
    let own = file.lines().take_while(|(_, line)| !line.starts_with("mod tests"));
    let bare = own.filter(|(_, line)| code_of(line).contains(".unwrap()"));
    bare.map(|(number, _)| {
        format!("{}:{number}: bare unwrap (hint: `expect` that states why it holds)", file.path)
    })
    .collect()
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

fn code_of(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

#[test]
fn nothing_outside_tests_unwraps() {
    let sources = sources();
    let sources = sources.iter().filter(|file| !file.path.starts_with("tests/src"));
    hold(sources.flat_map(bare_unwraps));
}

#[test]
fn a_bare_unwrap_is_found() {
    let found = bare_unwraps(&File::new("harness/a/src/lib.rs", "//! A.\nb.unwrap();\n"));
    assert!(found.len() == 1 && found[0].starts_with("harness/a/src/lib.rs:2:"), "{found:?}");
}

#[test]
fn tests_and_comments_may_unwrap() {
    let inline = "// b.unwrap() fails\n#[cfg(test)]\nmod tests {\n    b.unwrap();\n}\n";
    assert_eq!(bare_unwraps(&File::new("harness/a/src/lib.rs", inline)), Vec::<String>::new());
    let integration = File::new("harness/a/tests/a.rs", "b.unwrap();\n");
    assert_eq!(bare_unwraps(&integration), Vec::<String>::new());
}
