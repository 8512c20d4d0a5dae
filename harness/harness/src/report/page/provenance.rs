//! What a stranger needs to run it again: command, code, machine, data, sizes.

use anyhow::Context as _;
use targets::artifact::Artifact;

use super::block::{Block, Span, Table, Text, code, listed, plain};
use crate::{
    dataset::DataUsed,
    report::{command::command_to_type, findings::Findings},
    run_dir::{DIRTY_PATCH, Machine, Manifest, Provenance},
};

pub(super) fn blocks(findings: &Findings) -> anyhow::Result<Vec<Block>> {
    let manifest = &findings.manifest;
    let mut blocks = vec![Block::Heading(2, "To run it again".into()), again(manifest)];
    blocks.push(Block::Code(steps(manifest)));
    blocks.push(Block::Heading(3, "Code and machine".into()));
    blocks.push(code_and_machine(manifest));
    blocks.push(Block::Heading(3, "Data".into()));
    blocks.push(data(&manifest.data));
    if !manifest.artifacts.is_empty() {
        blocks.push(Block::Heading(3, "Made for the run".into()));
        blocks.push(artifacts(&manifest.artifacts));
    }
    let profile = toml::to_string(&manifest.profile).context("write the profile as TOML")?;
    let environment =
        toml::to_string(&manifest.environment).context("write the environment as TOML")?;
    blocks.push(Block::Heading(3, "Profile, as resolved".into()));
    blocks.push(Block::Code(profile));
    blocks.push(Block::Heading(3, format!("Environment: {}", manifest.profile.env)));
    blocks.push(Block::Code(environment));
    Ok(blocks)
}

fn again(manifest: &Manifest) -> Block {
    let Provenance { git_revision, git_dirty, git_untracked, .. } = &manifest.provenance;
    if git_revision.is_none() {
        return Block::paragraph(
            "The code was in no git checkout, so only the binary's digest tells which it was.",
        );
    }
    let mut text = Text::new();
    if *git_dirty {
        text.push(Span::Plain("The checkout had uncommitted changes; ".into()));
        text.push(Span::Code(DIRTY_PATCH.into()));
        text.push(Span::Plain(" beside this file holds them.".into()));
    }
    if !git_untracked.is_empty() {
        text.push(Span::Plain(" Git did not know these files, and no patch holds them: ".into()));
        text.extend(listed(git_untracked.iter().map(code)));
        text.push(Span::Plain(".".into()));
    }
    if text.is_empty() {
        return Block::paragraph("The checkout was clean.");
    }
    Block::Paragraph(text)
}

fn steps(manifest: &Manifest) -> String {
    let mut steps = String::new();
    if let Some(revision) = &manifest.provenance.git_revision {
        steps += &format!("git checkout {revision}\n");
    }
    if manifest.provenance.git_dirty {
        steps += &format!("git apply RUN/{DIRTY_PATCH}   # RUN is the directory of this file\n");
    }
    steps + &command_to_type(manifest) + "\n"
}

fn code_and_machine(manifest: &Manifest) -> Block {
    let provenance = &manifest.provenance;
    let unknown = || "unknown".to_owned();
    let is_clean = !provenance.git_dirty && provenance.git_untracked.is_empty();
    let dirty = if is_clean { ", clean" } else { ", with uncommitted changes" };
    let revision = match &provenance.git_revision {
        Some(revision) => vec![Span::Code(revision.clone()), Span::Plain(dirty.into())],
        None => plain("none"),
    };
    Block::facts([
        ("Run", code(manifest.label.as_str())),
        ("Git revision", revision),
        ("Harness", plain(&provenance.harness_version)),
        ("Compiler", plain(provenance.rustc.clone().unwrap_or_else(unknown))),
        (
            "Build",
            plain(format!(
                "profile {}, optimisation level {}",
                provenance.build_profile, provenance.opt_level
            )),
        ),
        ("Binary, SHA-256", code(&provenance.binary_sha256)),
        ("Seed", vec![Span::Number(manifest.profile.seed.to_string())]),
        ("Machine", plain(machine(&manifest.machine))),
        ("Kernel", plain(&manifest.machine.kernel)),
        (
            "Frequency governor",
            plain(manifest.machine.governor.as_deref().unwrap_or("not visible")),
        ),
        ("Changed by --set", changes(&manifest.overrides)),
        ("Chosen by --points", changes(&manifest.points)),
    ])
}

fn machine(machine: &Machine) -> String {
    let gib = machine.memory_bytes as f64 / f64::from(1 << 30);
    format!("{}, {} processors, {gib:.1} GiB of memory", machine.cpu, machine.cores)
}

fn changes(typed: &[String]) -> Text {
    if typed.is_empty() { plain("nothing") } else { listed(typed.iter().map(code)) }
}

fn artifacts(artifacts: &[Artifact]) -> Block {
    let rows = artifacts
        .iter()
        .map(|artifact| vec![plain(&artifact.kind), plain(&artifact.name), code(&artifact.digest)]);
    Block::Table(Table {
        columns: ["Kind", "Name", "Digest"].map(|head| (head.to_owned(), false)).into(),
        rows: rows.collect(),
    })
}

fn data(sets: &[DataUsed]) -> Block {
    if sets.is_empty() {
        return Block::paragraph("The experiment loads no data.");
    }
    let rows = sets.iter().map(|set| {
        let kind = plain(set.kind.word());
        vec![plain(&set.name), kind, code(&set.sha256), code(set.dir.display().to_string())]
    });
    let columns = ["Data set", "Kind", "SHA-256 of names and contents", "Directory"];
    Block::Table(Table {
        columns: columns.map(|head| (head.to_owned(), false)).into(),
        rows: rows.collect(),
    })
}
