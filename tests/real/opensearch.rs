//! A real OpenSearch on loopback: one node, its REST interface, no security plugin.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, Weak};

use crate::server::{Server, jars};

/// One node. Dropping the last handle ends it and removes its data.
pub(crate) struct OpenSearch {
    /// `http://host:port`.
    pub(crate) url: String,
    _server: Server,
    _folder: tempfile::TempDir,
}

impl OpenSearch {
    /// The node that the tests of a process share: a start takes seconds.
    pub(crate) fn shared() -> Arc<Self> {
        static NODE: Mutex<Weak<OpenSearch>> = Mutex::new(Weak::new());
        // A start that failed fails the tests that waited for it, too.
        let mut node = NODE.lock().expect("OpenSearch starts");
        node.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start());
            *node = Arc::downgrade(&started);
            started
        })
    }

    /// Starts a node and waits until it answers.
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let base = folder.path().join("node").display().to_string();
        // The runner adds the number of the node, from 1 on, to the base.
        let base_port = (port - 1).to_string();
        let jars = jars("opensearch");
        let arguments = [
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-cp",
            &jars,
            "org.codelibs.opensearch.runner.OpenSearchRunner",
            "-basePath",
            &base,
            "-numOfNode",
            "1",
            "-baseHttpPort",
            &base_port,
            "-clusterName",
            "chaperone-tests",
        ];
        let arguments = arguments.map(str::to_owned);
        let log = folder.path().join("node.log");
        let mut server = Server::start("opensearch", &arguments, &log);
        let address = format!("127.0.0.1:{port}");
        server.wait(120, || answers(&address).unwrap_or(false));
        Self {
            url: format!("http://{address}"),
            _server: server,
            _folder: folder,
        }
    }
}

/// The runner's command line takes no port beyond this range.
fn free_port() -> u16 {
    (9201..9300)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port from 9201 to 9299")
}

/// Whether the node says that it can be used.
fn answers(address: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    let path = "/_cluster/health?wait_for_status=yellow&timeout=5s";
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}
