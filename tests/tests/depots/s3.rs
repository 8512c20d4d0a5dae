//! An S3 server that keeps its objects as files, with requests signed as S3's are.

use std::{fs, path::PathBuf};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};

use crate::Server;

const BUCKET: &str = "bucket";
const KEY: &str = "AKEXAMPLE";
const SECRET: &str = "an example";

/// A running server.
struct S3 {
    root: TempDir,
    port: u16,
    /// As long as it serves.
    runtime: Option<Runtime>,
}

pub(crate) fn start() -> Result<Box<dyn Server>, String> {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join(BUCKET)).unwrap();
    let mut builder = S3ServiceBuilder::new(FileSystem::new(root.path()).unwrap());
    builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
    let service = builder.build();
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    runtime.spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let connection =
                http1::Builder::new().serve_connection(TokioIo::new(socket), service.clone());
            tokio::spawn(async move {
                // A client that is killed ends its connection with an error.
                let _ = connection.await;
            });
        }
    });
    Ok(Box::new(S3 { root, port, runtime: Some(runtime) }))
}

impl Server for S3 {
    fn place(&self) -> String {
        format!("s3://{BUCKET}/prepared")
    }

    fn variables(&self) -> Vec<String> {
        vec![
            format!("AWS_ENDPOINT_URL=http://127.0.0.1:{}", self.port),
            format!("AWS_ACCESS_KEY_ID={KEY}"),
            format!("AWS_SECRET_ACCESS_KEY={SECRET}"),
            "AWS_REGION=us-east-1".to_owned(),
        ]
    }

    fn files(&self) -> PathBuf {
        self.root.path().join(BUCKET).join("prepared")
    }

    fn stop(&mut self) {
        drop(self.runtime.take());
    }
}
