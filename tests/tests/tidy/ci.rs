//! CI does nothing that a person cannot: `.ci/run` and `cargo xtask …`.

use std::{fs, os::unix::fs::PermissionsExt as _};

use workspace_tests::{hold, root};

use crate::tree::{File, file, files};

fn foreign_steps(workflow: &File) -> Vec<String> {
    let lines = workflow.lines().filter(|(_, line)| !line.trim_start().starts_with('#'));
    let steps =
        lines.filter_map(|(number, line)| Some((number, line.split_once("run:")?.1.trim())));
    steps
        .filter(|(_, command)| !is_ours(command))
        .map(|(number, command)| {
            format!(
                "{}:{number}: runs `{command}` (hint: only `.ci/run` and `cargo xtask …`; \
                 put the rest there)",
                workflow.path
            )
        })
        .collect()
}

fn is_ours(command: &str) -> bool {
    let is_one_command = !command.contains(['|', '&', ';', '$', '`', '<', '>', '\\']);
    command == ".ci/run" || (command.starts_with("cargo xtask ") && is_one_command)
}

/// The README's `cargo test` commands that the script does not run as they stand.
fn untried_commands(readme: &str, script: &str) -> Vec<String> {
    let commands: Vec<_> = test_commands(readme).collect();
    if commands.is_empty() {
        return vec![
            "README.md: shows no `cargo test` command (hint: show the one of .ci/run)".into(),
        ];
    }
    let untried =
        commands.into_iter().filter(|command| !script.lines().any(|line| runs(line, command)));
    untried
        .map(|command| format!(".ci/run: does not run `{command}` (hint: README.md does)"))
        .collect()
}

fn test_commands(readme: &str) -> impl Iterator<Item = &str> {
    let blocks = readme.split("```").skip(1).step_by(2);
    let commands = blocks.flat_map(str::lines).filter(|line| line.starts_with("cargo test"));
    commands.map(|line| line.split('#').next().unwrap_or_default().trim_end())
}

/// Whether a line of a script ends in the command, after a word or nothing.
fn runs(line: &str, command: &str) -> bool {
    let before = line.trim().strip_suffix(command);
    before.is_some_and(|before| before.is_empty() || before.ends_with(' '))
        && !line.trim_start().starts_with('#')
}

#[test]
fn workflows_run_only_what_a_person_can_run() {
    let workflows = files(|path| path.starts_with(".github/workflows/"));
    assert!(workflows.iter().any(|workflow| workflow.text.contains("run: .ci/run")));
    hold(workflows.iter().flat_map(foreign_steps));
}

#[test]
fn a_step_of_its_own_is_found() {
    for run in ["cargo test", "|", "cargo xtask exp && rm x", "cargo xtaskish", ".ci/run --fast"] {
        let workflow = File::new("ci.yml", &format!("steps:\n  - run: {run}\n"));
        assert!(foreign_steps(&workflow)[0].starts_with("ci.yml:2:"), "{run}");
    }
}

#[test]
fn ci_runs_the_test_command_of_the_readme() {
    hold(untried_commands(&file("README.md").text, &file(".ci/run").text));
}

#[test]
fn another_test_command_is_found() {
    let readme = "Type\n```\ncargo test --features local  # all\n```\n";
    assert!(untried_commands(readme, "stage cargo test --features local\n").is_empty());
    assert_eq!(untried_commands(readme, "cargo test --features local --release\n").len(), 1);
    assert_eq!(untried_commands(readme, "# cargo test --features local\n").len(), 1);
    assert_eq!(untried_commands("No command.", "cargo test\n").len(), 1);
}

#[test]
fn the_script_of_ci_can_be_called() {
    let mode = fs::metadata(root().join(".ci/run")).unwrap().permissions().mode();
    assert!(mode & 0o111 != 0, ".ci/run is not executable (hint: chmod +x .ci/run)");
}
