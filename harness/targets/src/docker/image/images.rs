//! The images of a run: each is made on first need and kept for later runs.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex as SyncMutex, PoisonError},
};

use anyhow::Context as _;
use tokio::sync::{Mutex, OnceCell};

use super::{archive::Assembly, closure::Recipe, pull, shelf};
use crate::{docker::daemon::Daemon, ledger::Ledger, role::Program};

/// An image that containers can be made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    /// Its name, such as `reprise/toy:0123456789ab`, or the user's own.
    pub(crate) name: String,
    /// The daemon's id of it, `sha256:…`. It identifies the content, but
    /// daemons differ in what they hash: the configuration, or the manifest
    /// where containerd stores the images.
    pub(crate) id: String,
    /// Whether it was assembled here. Then it has the directory
    /// [`crate::docker::container::INSTANCE_DIR`], and its containers start
    /// with the whole command line; an image of the user's has an entry point.
    pub(crate) is_assembled: bool,
    /// The absolute path of the program in an image that was assembled here.
    pub(crate) executable: Option<String>,
}

/// The images of a run.
///
/// What a program consists of is settled when it is first needed, so that all
/// trials run the same; if its files change later and have to be read again,
/// that is an error.
#[derive(Debug)]
pub(crate) struct Images {
    daemon: Daemon,
    assembled: Shared<Recipe, Slot>,
    pulled: Shared<String, Mutex<()>>,
}

/// One value per key, made with its default, for whoever asks.
type Shared<K, V> = SyncMutex<HashMap<K, Arc<V>>>;

/// An image that is assembled, and loaded, once however many ask for it.
#[derive(Debug, Default)]
struct Slot {
    assembly: OnceCell<Arc<Assembly>>,
    loading: Mutex<()>,
}

impl Images {
    pub(crate) fn new(daemon: Daemon) -> Self {
        Self { daemon, assembled: Shared::default(), pulled: Shared::default() }
    }

    /// The image for a program.
    pub(crate) async fn of(&self, program: &Program, ledger: &Ledger) -> anyhow::Result<Image> {
        if let Program::Image { image, .. } = program {
            return self.of_user(image).await;
        }
        let recipe = Recipe::of(program)?.context("a program of this machine has a recipe")?;
        let name = recipe.name().to_owned();
        self.of_recipe(recipe, ledger).await.with_context(|| format!("make an image of {name}"))
    }

    async fn of_user(&self, name: &str) -> anyhow::Result<Image> {
        let turn = shared(&self.pulled, name.to_owned());
        let _turn = turn.lock().await;
        let id = pull::id(&self.daemon, name).await?;
        Ok(Image { name: name.to_owned(), id, is_assembled: false, executable: None })
    }

    async fn of_recipe(&self, recipe: Recipe, ledger: &Ledger) -> anyhow::Result<Image> {
        let slot = shared(&self.assembled, recipe.clone());
        let assembly = slot.assembly.get_or_try_init(|| assemble(&recipe)).await?;
        let name = shelf::name(recipe.name(), &assembly.key);
        let _turn = slot.loading.lock().await;
        let id = match shelf::find(&self.daemon, &name, assembly).await? {
            Some(id) => id,
            None => shelf::put(&self.daemon, &name, assembly, ledger).await?,
        };
        let executable = Some(assembly.executable.clone());
        Ok(Image { name, id, is_assembled: true, executable })
    }
}

async fn assemble(recipe: &Recipe) -> anyhow::Result<Arc<Assembly>> {
    let closure = recipe.closure().await?;
    let reading = tokio::task::spawn_blocking(move || Assembly::of(closure));
    Ok(Arc::new(reading.await.context("read the files of an image")??))
}

fn shared<K: Eq + Hash, V: Default>(map: &Shared<K, V>, key: K) -> Arc<V> {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(map.entry(key).or_default())
}
