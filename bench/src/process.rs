//! Measured processes: this program in another role, on a core of its own, with its CPU time and memory.

use std::{
    fs::File,
    io::Write as _,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::Failed;

/// `/proc` counts CPU time in hundredths of a second, on every architecture.
const TICK: Duration = Duration::from_millis(10);
/// A process that has used no CPU for so long has finished what it had.
const QUIET: Duration = Duration::from_millis(250);
/// So many lines of a log are shown; the same error comes once for each event.
const ERRORS_TOLD: usize = 10;
/// No process takes so long to start, to calm down or to end.
const LIMIT: Duration = Duration::from_secs(60);

/// Which cores there are to run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cores {
    /// What is measured runs alone on core 0.
    Pinned,
    /// Wherever the system likes.
    Shared,
}

impl Cores {
    /// Keeps this program off the core of what it measures, if `taskset` and a second core are there.
    pub(crate) fn divide() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        if cores < 2 {
            return Self::Shared;
        }
        let own = std::process::id().to_string();
        let others = format!("1-{}", cores - 1);
        let pinned = Command::new("taskset").args(["-acp", &others, &own]).stdout(Stdio::null()).status();
        if pinned.is_ok_and(|status| status.success()) { Self::Pinned } else { Self::Shared }
    }
}

/// A measured process. It is ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: std::path::PathBuf,
    /// When it was started.
    pub(crate) begun: Instant,
}

impl Process {
    /// This program in the role that `arguments` tell; what it logs goes to the file `log`.
    pub(crate) fn start(
        cores: Cores,
        arguments: &[String],
        environment: &[(&str, String)],
        log: &Path,
    ) -> Result<Self, Failed> {
        let program = std::env::current_exe()?;
        let mut command = match cores {
            Cores::Pinned => {
                let mut command = Command::new("taskset");
                command.args(["-c", "0"]).arg(program);
                command
            }
            Cores::Shared => Command::new(program),
        };
        command.arg("role").args(arguments).envs(environment.iter().map(|(name, value)| (*name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(log)?);
        let begun = Instant::now();
        Ok(Self { child: command.spawn()?, log: log.to_owned(), begun })
    }

    /// User and system time used so far.
    pub(crate) fn cpu(&self) -> Result<Duration, Failed> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name may hold blanks; what follows it may not.
        let fields = stat.rsplit_once(')').ok_or("/proc/PID/stat has no name")?.1;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        Ok(TICK * ticks.sum::<Result<u32, _>>()?)
    }

    /// Megabytes of memory in use now.
    pub(crate) fn memory(&self) -> Result<f64, Failed> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc")?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes / 1_024.0)
    }

    /// Waits until it has used no CPU for a while.
    pub(crate) async fn quiet(&self) -> Result<(), Failed> {
        let begun = Instant::now();
        let mut last = (self.cpu()?, Instant::now());
        while last.1.elapsed() < QUIET && begun.elapsed() < LIMIT {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let cpu = self.cpu()?;
            if cpu != last.0 {
                last = (cpu, Instant::now());
            }
        }
        Ok(())
    }

    /// How long it took from its start until `address` answered a GET of `path` with 200.
    pub(crate) fn answers(&mut self, address: SocketAddr, path: &str) -> Result<Duration, Failed> {
        loop {
            if got_ok(address, path) {
                return Ok(self.begun.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the measured process ended with {status}: {}", self.logged()).into());
            }
            if self.begun.elapsed() > LIMIT {
                return Err(format!("the measured process is not ready: {}", self.logged()).into());
            }
            std::thread::sleep(Duration::from_micros(250));
        }
    }

    /// The end of its log.
    pub(crate) fn logged(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// The first errors it logged, on standard error: a refused event has its cause there and nowhere else.
    fn tell_errors(&self) {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        for line in log.lines().filter(|line| line.contains(" ERROR ")).take(ERRORS_TOLD) {
            eprintln!("the measured process said: {line}");
        }
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<(), Failed> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begun.elapsed() > LIMIT {
                return Err(format!("the measured process does not end: {}", self.logged()).into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.tell_errors();
    }
}

/// CPU time of this thread, to the nanosecond.
pub(crate) fn own_cpu() -> Result<Duration, Failed> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(stat.split(' ').next().unwrap_or_default().parse()?))
}

/// An address of this machine that is free now.
pub(crate) fn free_address() -> Result<SocketAddr, Failed> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn got_ok(address: SocketAddr, path: &str) -> bool {
    let get = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut answer)?;
        Ok(answer.starts_with(b"HTTP/1.1 200"))
    };
    get().unwrap_or(false)
}
