//! The files that a program needs to run where nothing else is.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow, bail};

use super::{
    libraries::{self, Linked},
    program::{self, Kind},
    tree::{Entry, Tree},
};
use crate::role::Program;

/// What an image is assembled for; equal recipes share an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Recipe {
    /// A path, or a name on PATH.
    program: String,
    /// Whether it moves to `/bin`: the binary of the system under test needs
    /// no surroundings, and its directory here says nothing to anybody.
    moves: bool,
    include: Vec<PathBuf>,
}

/// A program with all that it needs.
#[derive(Debug)]
pub(crate) struct Closure {
    /// The files of the image.
    pub(crate) tree: Tree,
    /// Where the program is in the image.
    pub(crate) executable: PathBuf,
    /// The directories of its shared libraries. The linker's own cache stays
    /// behind, because it lists every library of this machine.
    pub(crate) library_dirs: BTreeSet<PathBuf>,
}

impl Recipe {
    /// That of a program of this machine; `None` for an image of the user's.
    pub(crate) fn of(program: &Program) -> anyhow::Result<Option<Self>> {
        match program {
            Program::Own { binary, .. } => {
                // Not looked up on PATH, whatever its name.
                let path = std::path::absolute(binary)
                    .with_context(|| format!("find {}", binary.display()))?;
                let program = path.display().to_string();
                Ok(Some(Self { program, moves: true, include: vec![] }))
            }
            Program::Command { words, include } => {
                let Some(program) = words.first().cloned() else {
                    bail!("a command has no words\n(hint: name the program to run)")
                };
                Ok(Some(Self { program, moves: false, include: include.clone() }))
            }
            Program::Image { .. } => Ok(None),
        }
    }

    /// The program's plain name, such as `redis-server`.
    pub(crate) fn name(&self) -> &str {
        self.program.rsplit('/').next().unwrap_or_default()
    }

    /// Finds the files.
    pub(crate) async fn closure(&self) -> anyhow::Result<Closure> {
        let program = program::locate(&self.program)?;
        let mut tree = Tree::default();
        let mut needed = program::interpreters(&program)?;
        if !self.moves {
            needed.push(program.clone());
        }
        for path in &needed {
            add(&mut tree, path)?;
        }
        for path in &self.include {
            tree.mirror(path).map_err(|error| not_included(path, &error))?;
        }
        needed.push(program.clone());
        let library_dirs = add_libraries(&mut tree, &program, &needed).await?;
        let executable = if self.moves {
            let path = Path::new("/bin").join(self.name());
            tree.place(&path, Entry::of_file(&program)?)?;
            path
        } else {
            program
        };
        Ok(Closure { tree, executable, library_dirs })
    }
}

/// Adds what all machine code of the tree, and `needed`, is linked with. What
/// was included may lack libraries: it may not be used, or not work here either.
async fn add_libraries(
    tree: &mut Tree,
    program: &Path,
    needed: &[PathBuf],
) -> anyhow::Result<BTreeSet<PathBuf>> {
    let machine_code = |path: &PathBuf| program::kind(path).is_ok_and(|kind| kind == Kind::Elf);
    let needed: Vec<_> = needed.iter().filter(|path| machine_code(path)).cloned().collect();
    let linked = libraries::of(&needed).await?;
    linked.demand_all(program)?;
    let sources = tree.iter().filter_map(|(_, entry)| match entry {
        Entry::File { source, .. } => Some(source.clone()),
        _ => None,
    });
    let included: Vec<_> = sources.filter(machine_code).collect();
    let optional = libraries::of(&included).await?;
    let mut dirs = BTreeSet::new();
    for library in linked.found.iter().chain(&optional.found) {
        add(tree, library)?;
        dirs.extend(library.parent().map(Path::to_owned));
    }
    Ok(dirs)
}

impl Linked {
    fn demand_all(&self, program: &Path) -> anyhow::Result<()> {
        let Some(first) = self.missing.first() else { return Ok(()) };
        bail!(
            "{} is linked with {first}, which is not on this machine\n\
             (hint: install the library's package; `ldd` lists what is not found)",
            program.display()
        )
    }
}

fn add(tree: &mut Tree, path: &Path) -> anyhow::Result<()> {
    tree.mirror(path).with_context(|| format!("read {}", path.display()))
}

fn not_included(path: &Path, error: &io::Error) -> anyhow::Error {
    anyhow!(
        "`include` names {}, which cannot be read: {error}\n\
         (hint: name files and directories that exist here, by their absolute paths)",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(program: &str, include: &[&Path]) -> Recipe {
        let include = include.iter().map(|&path| path.to_owned()).collect();
        let program = Program::Command { words: vec![program.to_owned()], include };
        Recipe::of(&program).unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_command_stays_at_its_path_and_brings_its_libraries() {
        let closure = command("sh", &[]).closure().await.unwrap();
        assert_eq!(closure.executable, program::locate("sh").unwrap());
        let names = |name: &str| closure.tree.iter().any(|(path, _)| path.ends_with(name));
        assert!(names("libc.so.6"), "{closure:?}");
    }

    #[tokio::test]
    async fn the_systems_own_binary_moves_to_bin() {
        let binary = std::env::current_exe().unwrap();
        let own = Program::Own { binary: binary.clone(), args: vec![] };
        let closure = Recipe::of(&own).unwrap().unwrap().closure().await.unwrap();
        assert_eq!(closure.executable, Path::new("/bin").join(binary.file_name().unwrap()));
        assert_eq!(closure.tree.at(&binary), None);
        let placed = closure
            .tree
            .iter()
            .any(|(_, entry)| matches!(entry, Entry::File { source, .. } if *source == binary));
        assert!(placed);
    }

    #[tokio::test]
    async fn an_included_directory_that_is_missing_is_named() {
        let recipe = command("sh", &[Path::new("/no/such/library")]);
        let error = recipe.closure().await.unwrap_err();
        insta::assert_snapshot!(format!("{error:#}"), @r"
        `include` names /no/such/library, which cannot be read: No such file or directory (os error 2)
        (hint: name files and directories that exist here, by their absolute paths)
        ");
    }

    #[test]
    fn a_missing_library_is_named_with_the_remedy() {
        let linked = Linked { found: vec![], missing: vec!["libgone.so.2".to_owned()] };
        let error = linked.demand_all(Path::new("/usr/bin/tool")).unwrap_err();
        insta::assert_snapshot!(error, @r"
        /usr/bin/tool is linked with libgone.so.2, which is not on this machine
        (hint: install the library's package; `ldd` lists what is not found)
        ");
    }

    #[test]
    fn a_command_without_words_is_refused() {
        let error = Recipe::of(&Program::Command { words: vec![], include: vec![] }).unwrap_err();
        insta::assert_snapshot!(error, @r"
        a command has no words
        (hint: name the program to run)
        ");
    }
}
