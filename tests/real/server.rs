//! A real server of jars as a child process: started, watched until it is ready, and gone when the
//! test is, also when the test panics or is killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The repository.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut above = package.ancestors();
    above
        .find(|folder| folder.join("tests/real/fetch").is_file())
        .expect("the repository")
        .to_owned()
}

/// The jars of a server as a class path; the first call on a machine fetches them.
pub(crate) fn jars(name: &str) -> String {
    let fetched = Command::new(root().join("tests/real/fetch"))
        .arg(name)
        .status()
        .expect("tests/real/fetch runs");
    assert!(fetched.success(), "tests/real/fetch {name} failed");
    let lib = root().join("target/real").join(name).join("lib");
    format!("{}/*", lib.display())
}

/// As many free ports of this machine.
pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    let held: Vec<_> = (0..count)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a free port"))
        .collect();
    let ports = held.iter().map(|held| held.local_addr().expect("bound"));
    ports.map(|address| address.port()).collect()
}

/// The shell kills the server when its standard input ends, which is when this process ends.
const GUARD: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
echo "$server" >"$PID_FILE"
(cat <&3 >/dev/null; kill -9 "$server") >/dev/null 2>&1 &
exec 3<&-
wait "$server"
"#;

/// A running server.
pub(crate) struct Server {
    guard: Child,
    pid: u32,
    log: PathBuf,
    name: String,
}

impl Server {
    /// Starts `java` with these arguments; what it prints is appended to `log`.
    pub(crate) fn start(name: &str, arguments: &[String], log: &Path) -> Self {
        let file = || {
            let mut options = std::fs::File::options();
            options.create(true).append(true).open(log).expect("a log")
        };
        let pid_file = log.with_extension("pid");
        let _ = std::fs::remove_file(&pid_file);
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard", "java"])
            .args(arguments)
            .env("PID_FILE", &pid_file)
            .stdin(Stdio::piped())
            .stdout(file())
            .stderr(file())
            .spawn()
            .expect("a shell");
        let deadline = Instant::now() + Duration::from_secs(10);
        let pid = loop {
            let text = std::fs::read_to_string(&pid_file).unwrap_or_default();
            if let Ok(pid) = text.trim().parse() {
                break pid;
            }
            assert!(Instant::now() < deadline, "{name} was not started");
            std::thread::park_timeout(Duration::from_millis(5));
        };
        let (log, name) = (log.to_owned(), name.to_owned());
        Self {
            guard,
            pid,
            log,
            name,
        }
    }

    /// Waits until `ready`; a server that ends or takes too long fails the test, with its log.
    pub(crate) fn wait(&mut self, seconds: u64, mut ready: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        while !ready() {
            let ended = self.guard.try_wait().expect("a child");
            if ended.is_some() || Instant::now() > deadline {
                self.fail(if ended.is_some() {
                    "has ended"
                } else {
                    "is not ready"
                });
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    fn fail(&mut self, what: &str) -> ! {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        let kept = std::env::temp_dir().join(format!("{}-{}.log", self.name, self.pid));
        let _ = std::fs::write(&kept, log);
        panic!(
            "{} {what}; its log is {}:\n{tail}",
            self.name,
            kept.display()
        );
    }

    /// SIGSTOP: it hangs, and its connections stay open.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT after [`Server::pause`].
    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    /// SIGKILL, and waits for its end: what dropping it does.
    pub(crate) fn kill(self) {
        drop(self);
    }

    fn signal(&self, signal: &str) {
        let pid = self.pid.to_string();
        let sent = Command::new("kill")
            .args([signal, &pid])
            .stderr(Stdio::null())
            .status();
        assert!(sent.is_ok(), "kill runs");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.guard.try_wait(), Ok(None)) {
            self.signal("-KILL");
            let _ = self.guard.wait();
        }
    }
}
