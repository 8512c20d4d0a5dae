//! Images: what is assembled runs, is made once, and is cleared away when old.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::{StreamExt as _, TryStreamExt as _};
use libtest_mimic::Trial;
use targets::{
    artifact::Artifact,
    command::Invocation,
    docker::Docker,
    ledger::Resource,
    role::Program,
    settings::DockerSettings,
    target::Target as _,
    wait::{self, Interval},
};

use crate::{
    support::refusal,
    workshop::{Workshop, test, test_needing},
};

const REDIS: &str = "/usr/bin/redis-server";
const REDIS_CLIENT: &str = "/usr/bin/redis-cli";
const PYTHON: &str = "/usr/bin/python3";

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("the_systems_own_binary_runs_in_its_image", own_binary_runs),
        test_needing("/usr/bin/cc", "a_static_program_runs_alone", static_runs_alone),
        test_needing(REDIS, "a_real_redis_answers_from_its_image", redis_answers),
        test_needing(PYTHON, "a_python_script_runs_with_its_library", python_runs),
        test("an_unchanged_program_is_loaded_once_for_all_runs", unchanged_is_loaded_once),
        test("ten_who_ask_at_once_share_one_load", ten_share_one_load),
        test("a_changed_byte_is_another_image", changed_byte_is_another_image),
        test("three_images_of_a_program_are_kept_and_those_in_use", three_are_kept),
        test("an_image_that_vanished_is_loaded_again", vanished_is_loaded_again),
        test("a_program_that_changed_during_the_run_is_refused", changed_program_is_refused),
        test("removing_takes_cached_images_and_no_others", removing_is_careful),
        test("an_image_of_the_users_is_taken_as_it_is", users_image_is_taken),
        test("an_image_that_nobody_has_is_an_error_with_a_hint", unknown_image_is_an_error),
        test("a_program_that_is_not_there_is_an_error_with_a_hint", unknown_program_is_an_error),
    ]
}

async fn own_binary_runs(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let this = fs::read(std::env::current_exe()?)?;
    let binary = shop.program("own", &this)?;
    let image = prepare(&shop, own(&binary)).await?;
    let inside = format!("/bin/{}", shop.unique("own"));
    assert_eq!(shop.output(&image.digest, &[&inside, "toy", "say", "hello"]).await?, "hello\n");
    Ok(())
}

async fn static_runs_alone(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let source = shop.path("alone.c");
    fs::write(&source, "#include <stdio.h>\nint main(void) { puts(\"alone\"); }\n")?;
    let binary = shop.path(&shop.unique("alone"));
    let compiler = Invocation::new("cc", shop.run.root.path());
    let compiler = compiler.args(["-static", "-o"]).args([&binary, &source]);
    compiler.output().await?.success("compile")?;
    let image = prepare(&shop, own(&binary)).await?;
    let inside = format!("/bin/{}", shop.unique("alone"));
    assert_eq!(shop.output(&image.name, &[&inside]).await?, "alone\n");
    let size_bytes = shop.api.inspect_image(&image.name).await?.size.unwrap_or_default();
    let accounts_bytes = 1024;
    ensure!(size_bytes.cast_unsigned() <= fs::metadata(binary)?.len() + accounts_bytes);
    Ok(())
}

async fn redis_answers(shop: Arc<Workshop>) -> anyhow::Result<()> {
    // The client is linked with libraries of its own, which come along, too.
    let image = prepare(&shop, command(REDIS, vec![REDIS_CLIENT.into()])).await?;
    let container = shop.start(&image.name, &[REDIS]).await?;
    let ping = || async {
        let answer = shop.exec(&container, &[REDIS_CLIENT, "PING"]).await;
        answer.is_ok_and(|answer| answer == "PONG\n")
    };
    Ok(wait::until("redis", Duration::from_secs(60), Interval::BACKING_OFF, ping).await?)
}

async fn python_runs(shop: Arc<Workshop>) -> anyhow::Result<()> {
    // The modules have machine code that is linked with more than the program.
    let text =
        format!("#!{PYTHON}\nimport ctypes, json, ssl\nprint(json.dumps([1]), ssl.OP_ALL > 0)\n");
    let script = shop.program("script", text.as_bytes())?;
    let ask = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let library = Invocation::new(PYTHON, "/").args(["-c", ask]).output().await?;
    let library = PathBuf::from(library.success("ask python")?.trim());
    let script = script.display().to_string();
    let image = prepare(&shop, command(&script, vec![library])).await?;
    assert_eq!(shop.output(&image.name, &[&script]).await?, "[1] True\n");
    Ok(())
}

async fn unchanged_is_loaded_once(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let script = command(&shell(&shop, "same", "echo same")?.display().to_string(), vec![]);
    let first = prepare(&shop, script.clone()).await?;
    let again = prepare(&shop, script.clone()).await?;
    let later = Docker::new(&DockerSettings::default());
    let later = later.prepare(&[script], &shop.run.ledger).await?;
    assert_eq!((&again, later.first()), (&first, Some(&first)));
    assert_eq!(n_loads(&shop)?, 1);
    Ok(())
}

async fn ten_share_one_load(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let script = command(&shell(&shop, "shared", "echo shared")?.display().to_string(), vec![]);
    let asking = (0..10).map(|_| prepare(&shop, script.clone()));
    let images: Vec<_> =
        futures_util::stream::iter(asking).buffer_unordered(10).try_collect().await?;
    assert!(images.iter().all(|image| *image == images[0]), "{images:?}");
    assert_eq!(n_loads(&shop)?, 1);
    Ok(())
}

async fn changed_byte_is_another_image(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let first = version(&shop, 1).await?;
    let second = version(&shop, 2).await?;
    assert_ne!((&first.name, &first.digest), (&second.name, &second.digest));
    let script = shop.path(&shop.unique("versions")).display().to_string();
    assert_eq!(shop.output(&first.name, &[&script]).await?, "version 1\n");
    assert_eq!(shop.output(&second.name, &[&script]).await?, "version 2\n");
    Ok(())
}

async fn three_are_kept(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let used = version(&shop, 0).await?;
    // A container that has ended uses its image, too.
    let script = shop.path(&shop.unique("versions")).display().to_string();
    shop.start(&used.digest, &[&script]).await?;
    let mut expected = vec![used.name];
    for number in 1..=5 {
        let image = version(&shop, number).await?;
        expected.extend((number > 2).then_some(image.name));
    }
    let mut kept = shop.images_of(&shop.path(&shop.unique("versions"))).await?;
    kept.sort();
    expected.sort();
    assert_eq!(kept, expected);
    Ok(())
}

async fn vanished_is_loaded_again(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let script = command(&shell(&shop, "gone", "echo here")?.display().to_string(), vec![]);
    let first = prepare(&shop, script.clone()).await?;
    shop.run.target.remove(&shop.run.label, &Resource::new("image", &first.name)).await?;
    ensure!(shop.api.inspect_image(&first.name).await.is_err(), "it was not removed");
    assert_eq!(prepare(&shop, script).await?, first);
    assert_eq!(n_loads(&shop)?, 2);
    Ok(())
}

async fn changed_program_is_refused(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let path = shell(&shop, "moving", "echo 1")?;
    let script = command(&path.display().to_string(), vec![]);
    let first = prepare(&shop, script.clone()).await?;
    shop.run.target.remove(&shop.run.label, &Resource::new("image", &first.name)).await?;
    shell(&shop, "moving", "echo 2")?;
    let message = refusal(prepare(&shop, script).await)?;
    insta::assert_snapshot!(plain(&shop, &message), @r"
    make an image of test-LABEL-moving: the files of DIR/test-LABEL-moving changed while they were packed
    (hint: begin the run again, and do not build meanwhile)
    ");
    ensure!(shop.images_of(&path).await?.is_empty(), "half an image was left");
    // Nothing is outstanding: the failed load has been cleared away.
    shop.run.ledger.close()
}

async fn removing_is_careful(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let users = import(&shop, "users").await?;
    let script = shell(&shop, "ours", "echo ours")?;
    let used = prepare(&shop, command(&script.display().to_string(), vec![])).await?;
    shop.start(&used.digest, &[&script.display().to_string()]).await?;
    let names = [users.as_str(), &used.name, "reprise/no-such-image:1"];
    for name in names {
        shop.run.target.remove(&shop.run.label, &Resource::new("image", name)).await?;
    }
    shop.api.inspect_image(&users).await.context("the user's image")?;
    shop.api.inspect_image(&used.name).await.context("the image in use")?;
    Ok(())
}

async fn users_image_is_taken(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let name = import(&shop, "users").await?;
    let image = prepare(&shop, Program::Image { image: name.clone(), words: None }).await?;
    let id = shop.api.inspect_image(&name).await?.id.context("its id")?;
    assert_eq!((image.name, image.digest), (name, id));
    assert_eq!(n_loads(&shop)?, 0);
    Ok(())
}

async fn unknown_image_is_an_error(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let image = "registry.invalid/nobody/nothing:1".to_owned();
    let message = refusal(prepare(&shop, Program::Image { image, words: None }).await)?;
    // In the middle are the daemon's own words, which depend on its network.
    let (ours, rest) = message.split_once("the Docker daemon says: ").context(message.clone())?;
    let (_, hint) = rest.rsplit_once('\n').context(message.clone())?;
    insta::assert_snapshot!(format!("{ours}…\n{hint}"), @r"
    cannot get the image registry.invalid/nobody/nothing:1: …
    (hint: is the name right, and its registry within reach of the daemon? `docker load` brings an image without one)
    ");
    Ok(())
}

async fn unknown_program_is_an_error(shop: Arc<Workshop>) -> anyhow::Result<()> {
    let message = refusal(prepare(&shop, own(&shop.path("missing"))).await)?;
    insta::assert_snapshot!(plain(&shop, &message), @r"
    make an image of missing: no program DIR/missing
    (hint: is the path right, and the program built?)
    ");
    Ok(())
}

async fn prepare(shop: &Workshop, program: Program) -> anyhow::Result<Artifact> {
    let made = shop.run.target.prepare(&[program], &shop.run.ledger).await?;
    made.into_iter().next().context("one program has one artifact")
}

/// The image of a script that says which version it is. A target of its own:
/// within one run a program does not change.
async fn version(shop: &Workshop, number: u32) -> anyhow::Result<Artifact> {
    let script = shell(shop, "versions", &format!("echo version {number}"))?;
    let target = Docker::new(&DockerSettings::default());
    let program = command(&script.display().to_string(), vec![]);
    target
        .prepare(&[program], &shop.run.ledger)
        .await?
        .pop()
        .context("one program has one artifact")
}

/// An image that is not ours, under a name that looks as if it were.
async fn import(shop: &Workshop, name: &str) -> anyhow::Result<String> {
    let repository = format!("reprise/{}", shop.unique(name));
    let options = CreateImageOptionsBuilder::default().from_src("-").repo(&repository).tag("1");
    let empty_archive = bollard::body_full(vec![0; 1024].into());
    let importing = shop.api.create_image(Some(options.build()), Some(empty_archive), None);
    importing.try_collect::<Vec<_>>().await?;
    Ok(format!("{repository}:1"))
}

fn own(binary: &Path) -> Program {
    Program::Own { binary: binary.to_owned(), args: vec![] }
}

fn command(program: &str, include: Vec<PathBuf>) -> Program {
    Program::Command { words: vec![program.to_owned()], include }
}

fn shell(shop: &Workshop, name: &str, script: &str) -> anyhow::Result<PathBuf> {
    shop.program(name, format!("#!/bin/sh\n{script}\n").as_bytes())
}

/// How often an image was loaded, by the intents in the ledger.
fn n_loads(shop: &Workshop) -> anyhow::Result<usize> {
    let text = fs::read_to_string(shop.run.ledger.path())?;
    let is_intent = |line: &&str| line.contains("\"intent\"") && line.contains("\"image\"");
    Ok(text.lines().filter(is_intent).count())
}

/// A message without what differs from run to run.
fn plain(shop: &Workshop, message: &str) -> String {
    let dir = shop.run.root.path().display().to_string();
    message.replace(&dir, "DIR").replace(shop.run.label.as_str(), "LABEL")
}
