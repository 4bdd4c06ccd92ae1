//! Runs the real binary.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The binary under test.
pub(crate) fn chaperone() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaperone"));
    command
        .current_dir(root())
        .env("NO_COLOR", "1")
        .env_remove("CHAPERONE_LOG");
    command
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Runs it with these arguments.
pub(crate) fn run(args: &[&str]) -> Output {
    chaperone().args(args).output().expect("the binary runs")
}

/// Runs it with text on stdin.
pub(crate) fn run_with_input(args: &[&str], input: &[u8]) -> Output {
    use std::io::Write;
    let mut child = chaperone()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // The program may end before it has read everything.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("the binary ends");
    writer.join().expect("the writer ends");
    output
}

/// Standard output as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("stdout is UTF-8")
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A `chaperone run` with a data folder and a file sink of its own.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) address: String,
}

impl Running {
    /// Starts it with a config and waits for the line that says where it listens.
    pub(crate) fn start(config: &Path) -> Self {
        use std::io::{BufRead, BufReader};
        let mut child = chaperone()
            .arg("run")
            .arg("--config")
            .arg(config)
            .env("CHAPERONE_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let stderr = child.stderr.take().expect("stderr is piped");
        let mut lines = BufReader::new(stderr).lines();
        let mut seen = String::new();
        let address = loop {
            let line = lines
                .next()
                .unwrap_or_else(|| panic!("it ended at the start:\n{seen}"));
            let line = line.expect("stderr is text");
            if let Some((_, rest)) = line.split_once("listens on http://") {
                break rest
                    .split([',', ' '])
                    .next()
                    .expect("an address")
                    .to_owned();
            }
            seen.push_str(&line);
            seen.push('\n');
        };
        // Somebody must read on, or the program would stop at a full pipe.
        let log = config.with_extension("log");
        std::thread::spawn(move || {
            use std::io::Write;
            let mut log = std::fs::File::options()
                .create(true)
                .append(true)
                .open(log)
                .expect("a log");
            for line in lines.map_while(Result::ok) {
                let _ = writeln!(log, "{line}");
            }
        });
        Self { child, address }
    }

    /// Posts a body and returns the status.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> u16 {
        try_post(&self.address, path, headers, body).expect("the server answers")
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and its exit code.
    pub(crate) fn stop(mut self) -> i32 {
        let pid = self.child.id().to_string();
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill runs");
        self.child
            .wait()
            .expect("it ends")
            .code()
            .expect("it was not killed")
    }
}

/// One POST over a connection of its own; the status, or nothing where the connection failed.
pub(crate) fn try_post(
    address: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<u16> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        request.push_str("content-type: application/json\r\n");
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// Waits until `done` gives something; the tests wait for conditions, never for times.
pub(crate) fn wait_for<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while std::time::Instant::now() < deadline {
        if let Some(value) = done() {
            return value;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
    panic!("waited a minute for {what}");
}
