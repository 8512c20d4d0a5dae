//! The harness knows no paper: no system's name occurs under harness/.

use workspace_tests::hold;

use crate::tree::{File, files, systems};

fn names_a_system(file: &File, systems: &[String]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in file.lines() {
        let line = line.to_lowercase();
        for system in systems.iter().filter(|system| line.contains(*system)) {
            complaints.push(format!(
                "{}:{number}: names `{system}` (hint: what knows a paper goes to experiments/{system})",
                file.path
            ));
        }
    }
    complaints
}

#[test]
fn the_harness_names_no_system() {
    let systems = systems();
    assert!(!systems.is_empty());
    let harness = files(|path| path.starts_with("harness/"));
    hold(harness.iter().flat_map(|file| names_a_system(file, &systems)));
}

#[test]
fn a_system_that_is_named_is_found() {
    let systems = ["toy".to_owned()];
    let found = names_a_system(&File::new("harness/kv/src/lib.rs", "//! KV.\nToyKeys"), &systems);
    assert!(found.len() == 1 && found[0].starts_with("harness/kv/src/lib.rs:2:"), "{found:?}");
}
