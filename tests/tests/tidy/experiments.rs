//! Adding an experiment is one file and its published numbers: nothing of it is forgotten.

use workspace_tests::hold;

use crate::tree::{File, file, files, is_in_folder_of, systems};

/// A file of experiments/SYSTEM/tests/experiments, without main.rs.
struct Experiment {
    system: String,
    file: File,
}

impl Experiment {
    /// What people type: the file's stem, with hyphens.
    fn name(&self) -> String {
        self.file.stem().replace('_', "-")
    }

    fn main(&self) -> String {
        format!("experiments/{}/tests/experiments/main.rs", self.system)
    }

    fn paper(&self) -> String {
        format!("fixtures/papers/{}.toml", self.system)
    }
}

fn experiments() -> Vec<Experiment> {
    let of = |system: String| {
        let folder = format!("experiments/{system}/tests/experiments/");
        let files = files(|path| is_in_folder_of(path, &folder, ".rs"));
        let files = files.into_iter().filter(|file| file.stem() != "main");
        files.map(move |file| Experiment { system: system.clone(), file }).collect::<Vec<_>>()
    };
    systems().into_iter().flat_map(of).collect()
}

fn is_unlisted(experiment: &Experiment, main: &str) -> Option<String> {
    let module = experiment.file.stem();
    let is_listed =
        main.contains(&format!("mod {module};")) && main.contains(&format!("&{module}::"));
    (!is_listed).then(|| {
        format!(
            "{}: is in no list (hint: add `mod {module};` and `&{module}::…` to {})",
            experiment.file.path,
            experiment.main()
        )
    })
}

fn is_misnamed(experiment: &Experiment) -> Option<String> {
    let expected = experiment.name();
    let text = &experiment.file.text;
    let returned = text.split("fn name(&self)").skip(1).filter_map(|after| after.split('"').nth(1));
    let given = text.split("name: \"").skip(1).filter_map(|after| after.split('"').next());
    let mut names = returned.chain(given);
    (!names.any(|name| name == expected)).then(|| {
        format!(
            "{}: its `name` is not its file's (hint: return \"{expected}\")",
            experiment.file.path
        )
    })
}

fn has_no_section(experiment: &Experiment, profile: &File) -> Option<String> {
    let name = experiment.name();
    let profile_table: toml::Table = profile.text.parse().unwrap();
    let has_section = profile_table.get(&name).is_some_and(toml::Value::is_table);
    // What runs in virtual time is in the profile of that; nothing else can be.
    let is_simulated = experiment.file.text.contains("fn evidence(");
    let belongs = profile.stem() != "sim" || is_simulated;
    (belongs && !has_section).then(|| {
        format!("{}: nothing on `{name}` (hint: add [{name}] with its sizes)", profile.path)
    })
}

fn has_no_claim(experiment: &Experiment, paper: &str) -> Option<String> {
    let name = experiment.name();
    let has_claim = claimed(paper).contains(&name);
    (!has_claim).then(|| {
        format!(
            "{}: nothing on `{name}` (hint: add a [[claim]] with its source)",
            experiment.paper()
        )
    })
}

fn claims_on_nothing(paper: &File, experiments: &[String]) -> Vec<String> {
    let claimed = claimed(&paper.text);
    let unknown = claimed.iter().filter(|name| !experiments.contains(name));
    unknown
        .map(|name| format!("{}: no experiment `{name}` (hint: is it misspelt?)", paper.path))
        .collect()
}

/// The experiments that a paper's claims are about.
fn claimed(paper: &str) -> Vec<String> {
    let paper: toml::Table = paper.parse().unwrap();
    let claims = paper.get("claim").and_then(toml::Value::as_array).into_iter().flatten();
    claims.filter_map(|claim| claim.get("experiment")?.as_str().map(str::to_owned)).collect()
}

/// What was kept, what was changed and why stands first, before any prose.
fn opens_without_table(readme: &File) -> Option<String> {
    let mut lines = readme.text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let head = lines.next().unwrap_or_default().to_lowercase();
    let is_table = head.starts_with('|')
        && ["kept", "changed", "why", "claims"].iter().all(|column| head.contains(column));
    (!is_table).then(|| {
        format!(
            "{}: opens without its table (hint: `| … kept | changed | why | claims touched |`)",
            readme.path
        )
    })
}

#[test]
fn every_experiment_is_in_its_systems_list() {
    let all = experiments();
    assert!(!all.is_empty());
    hold(
        all.iter().filter_map(|experiment| is_unlisted(experiment, &file(&experiment.main()).text)),
    );
}

#[test]
fn every_experiment_is_named_as_its_file() {
    hold(experiments().iter().filter_map(is_misnamed));
}

#[test]
fn every_experiment_has_a_section_in_every_profile() {
    let profiles = files(|path| is_in_folder_of(path, "fixtures/profiles/", ".toml"));
    assert!(!profiles.is_empty());
    hold(experiments().iter().flat_map(|experiment| {
        profiles.iter().filter_map(|profile| has_no_section(experiment, profile))
    }));
}

#[test]
fn every_experiment_has_a_claim() {
    hold(
        experiments()
            .iter()
            .filter_map(|experiment| has_no_claim(experiment, &file(&experiment.paper()).text)),
    );
}

#[test]
fn every_claim_has_an_experiment() {
    let papers = files(|path| is_in_folder_of(path, "fixtures/papers/", ".toml"));
    let all = experiments();
    hold(papers.iter().flat_map(|paper| {
        let own = all.iter().filter(|experiment| experiment.paper() == paper.path);
        claims_on_nothing(paper, &own.map(Experiment::name).collect::<Vec<_>>())
    }));
}

#[test]
fn every_system_says_first_what_it_changed() {
    hold(systems().iter().filter_map(|system| {
        let path = format!("experiments/{system}/README.md");
        let readme = files(|found| found == path).pop();
        opens_without_table(&readme.unwrap_or_else(|| File::new(&path, "")))
    }));
}

fn toy(text: &str) -> Experiment {
    let file = File::new("experiments/toy/tests/experiments/cold_start.rs", text);
    Experiment { system: "toy".to_owned(), file }
}

#[test]
fn an_experiment_that_no_list_has_is_found() {
    let listed = "mod cold_start;\nexperiments: &[&cold_start::ColdStart],\n";
    assert!(is_unlisted(&toy(""), listed).is_none());
    assert!(is_unlisted(&toy(""), "mod cold_start;\nexperiments: &[],\n").is_some());
    assert!(is_unlisted(&toy(""), "").is_some());
}

#[test]
fn an_experiment_with_another_name_is_found() {
    let named = |name: &str| toy(&format!("fn name(&self) -> &'static str {{\n    \"{name}\"\n}}"));
    assert!(is_misnamed(&named("cold-start")).is_none());
    assert!(is_misnamed(&named("start")).is_some());
    let of_a_kind = toy("const COLD_START: Kind = Kind { name: \"cold-start\" };");
    assert!(is_misnamed(&of_a_kind).is_none());
    assert!(is_misnamed(&toy("")).is_some());
}

#[test]
fn a_profile_without_the_experiment_is_found() {
    let profile = |text: &str| File::new("fixtures/profiles/smoke.toml", text);
    assert!(has_no_section(&toy(""), &profile("[cold-start]\ncalls = 5\n")).is_none());
    assert!(has_no_section(&toy(""), &profile("trials = 3\n[sgd]\n")).is_some());
}

#[test]
fn an_experiment_without_a_claim_is_found() {
    assert!(has_no_claim(&toy(""), "[[claim]]\nexperiment = \"cold-start\"\n").is_none());
    assert!(has_no_claim(&toy(""), "[[claim]]\nexperiment = \"sgd\"\n").is_some());
}

#[test]
fn a_claim_on_no_experiment_is_found() {
    let paper = File::new("fixtures/papers/toy.toml", "[[claim]]\nexperiment = \"cold-start\"\n");
    assert_eq!(claims_on_nothing(&paper, &["cold-start".to_owned()]), Vec::<String>::new());
    assert_eq!(claims_on_nothing(&paper, &[]).len(), 1);
}

#[test]
fn a_readme_that_opens_with_prose_is_found() {
    let readme = |text: &str| File::new("experiments/toy/README.md", text);
    let table = "# Toy\n\n| Part | Kept | Changed | Why | Claims touched |\n";
    assert!(opens_without_table(&readme(table)).is_none());
    assert!(opens_without_table(&readme("# Toy\n\nA toy.\n\n| kept |\n")).is_some());
}
