//! The toy as a server that does what a request tells it to.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use axum::{Router, http::StatusCode, routing::post};
use node::{Endpoint, Meter};

use crate::deeds::Deed;

/// Answers `POST /do`, whose body is a [`Deed`]; 500 if the deed fails.
pub(crate) async fn serve(listen: SocketAddr, dir: PathBuf, is_shy: bool) -> anyhow::Result<()> {
    let endpoint = Endpoint::bind(listen, Meter::shared()).await?;
    let readiness = endpoint.readiness();
    if is_shy {
        eprintln!("shy");
    } else {
        readiness.set_ready();
    }
    let perform = move |deed: String| perform(deed, dir.clone());
    let get_ready = move || async move { readiness.set_ready() };
    let routes = Router::new().route("/do", post(perform)).route("/ready", post(get_ready));
    endpoint.serve(routes).await?;
    Deed::Say("leaving, as asked".to_owned()).perform(Path::new("."))?;
    Ok(())
}

async fn perform(deed: String, dir: PathBuf) -> (StatusCode, String) {
    // The endpoint answers its probes meanwhile.
    let work = move || deed.parse::<Deed>()?.perform(&dir);
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(answer)) => (StatusCode::OK, answer),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
        Err(panic) => (StatusCode::INTERNAL_SERVER_ERROR, panic.to_string()),
    }
}
