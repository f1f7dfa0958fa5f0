//! Commands as a user types them: the binary, its arguments, its environment, and what came of it.
//!
//! The environment is empty but for what a test gives, so that no AWS profile and no colour setting of the machine
//! that runs the tests can reach in.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// What a command did.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ran {
    /// Fails, with all that was said, unless the command ended with this exit code.
    #[track_caller]
    pub(super) fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Stdout, which must be one JSON document and nothing else.
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(document) => document,
            Err(error) => panic!("stdout is no JSON document ({error}):\n{}", self.stdout),
        }
    }

    /// Fails unless stdout has these words.
    #[track_caller]
    pub(super) fn tells(&self, words: &str) -> &Self {
        assert!(self.stdout.contains(words), "stdout has no `{words}`:\n{}", self.stdout);
        self
    }

    /// Fails unless stderr has these words.
    #[track_caller]
    pub(super) fn says(&self, words: &str) -> &Self {
        assert!(self.stderr.contains(words), "stderr has no `{words}`:\n{}", self.stderr);
        self
    }
}

/// The binary with an empty environment, both outputs kept.
pub(super) fn evenkeel(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evenkeel"));
    command.args(arguments).env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a command to its end.
pub(super) fn run(mut command: Command) -> Ran {
    ended(command.spawn().expect("the binary that cargo built starts"))
}

/// Waits for a command that was started before.
pub(super) fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().expect("a child can be waited for");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
    let code = output.status.code().expect("the program ends by itself");
    Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Sends a signal as a person at a terminal does.
pub(super) fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    let status = Command::new("sh").args(["-c", &kill]).status().expect("there is a shell");
    assert!(status.success(), "{kill}");
}

/// A file below cargo's folder for tests; `test` keeps tests apart that run at the same time.
///
/// It is there at once and whole: what follows it would else read it while it is empty, now and then.
pub(super) fn file(test: &str, name: &str, content: impl AsRef<[u8]>) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli").join(test);
    std::fs::create_dir_all(&folder).expect("cargo's folder for tests can be written");
    let path = folder.join(name);
    let partial = folder.with_file_name(format!("{test}-{name}.partial"));
    std::fs::write(&partial, content).expect("cargo's folder for tests can be written");
    std::fs::rename(&partial, &path).expect("cargo's folder for tests can be written");
    path.display().to_string()
}

/// The users' table, where it lies.
pub(super) const CGAP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/specs/cgap.yaml");

/// A table with two services without a target group and a task: rolls in two virtual minutes instead of ten.
pub(super) const SMALL: &str = r#"apiVersion: evenkeel.dev/v1
kind: ServiceTable
metadata: { name: small }
spec:
  account: "123456789012"
  region: us-east-1
  cluster: { name: small-cluster }
  image: { repository: small-app, tag: v1 }
  rows:
    - { name: web, service: { name: web }, container: web, count: 2, vcpu: .25, memory: 512 }
    - { name: worker, service: { name: worker }, container: worker, count: 1, vcpu: .25, memory: 512 }
    - { name: migrate, task: { definition: { name: migrate } }, container: migrate, count: 0, spot: false, vcpu: .25, memory: 512 }
"#;

/// A text in which one part, which must be there, stands changed.
#[track_caller]
pub(super) fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the table has no `{from}`");
    text.replace(from, to)
}
