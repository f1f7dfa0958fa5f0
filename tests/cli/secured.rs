//! TLS as a client has it that trusts one certificate, and nothing in plain text beside it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::command::{SMALL, file, run};
use super::served::Served;
use super::sim::Sim;

const CERT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tls/cert.pem");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tls/key.pem");
const OTHER_KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tls/other-key.pem");

const OTHER_CERT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tls/other-cert.pem");

fn read(path: &str) -> Vec<u8> {
    std::fs::read(path).expect("the test's files are there")
}

/// A client that trusts the test's certificate and no other.
fn client() -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(CERT).expect("it is PEM")).expect("it is a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("ring speaks TLS 1.2 and 1.3");
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

/// A greeting, and a question over it; nothing if the certificate is another.
fn asked(served: &Served) -> Option<String> {
    let name = ServerName::try_from("localhost").expect("it is a name");
    let connection = ClientConnection::new(client(), name).expect("a client can be made");
    let mut stream = StreamOwned::new(connection, served.connect());
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers and says goodbye");
    Some(answer)
}

#[test]
fn a_certificate_that_was_renewed_is_shown_to_whoever_comes_and_a_broken_one_never_is() {
    let sim = Sim::with("secured-renewed", SMALL);
    let (good, key) = (read(CERT), read(KEY));
    let other_key = read(OTHER_KEY);
    let cert_file = file("secured-renewed", "cert.pem", read(OTHER_CERT));
    let key_file = file("secured-renewed", "key.pem", &other_key);
    let served = Served::of(&sim, &["--tls-cert", &cert_file, "--tls-key", &key_file]);
    assert_eq!(asked(&served), None, "this client does not trust the first certificate");
    // One file is written before the other, as renewals do.
    file("secured-renewed", "cert.pem", &good);
    file("secured-renewed", "key.pem", &key);
    let answer = loop {
        if let Some(answer) = asked(&served) {
            break answer;
        }
    };
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    file("secured-renewed", "key.pem", &other_key);
    while !served.said().contains("certificate and key cannot be used") {
        assert!(asked(&served).is_some());
    }
    assert!(asked(&served).is_some(), "the certificate that was read before stays in force");
}

#[test]
fn answers_come_over_tls_and_a_client_in_plain_text_gets_none() {
    let sim = Sim::with("secured", SMALL);
    let served = Served::of(&sim, &["--tls-cert", CERT, "--tls-key", KEY]);
    let answer = asked(&served).expect("this client trusts the certificate");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("alive\n"), "{answer}");
    let mut plain = TcpStream::connect(&served.address).expect("it listens");
    plain.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("it reads");
    let mut refused = Vec::new();
    let _ = plain.read_to_end(&mut refused);
    assert!(!String::from_utf8_lossy(&refused).contains("HTTP/1.1"), "{refused:?}");
}

#[test]
fn a_certificate_that_cannot_be_used_ends_it_before_aws_is_asked() {
    let sim = Sim::with("secured-bad", SMALL);
    let table = sim.table.as_str();
    let bad = file("secured-bad", "cert.pem", "no certificate");
    let listen = ["reconcile", "--listen", "127.0.0.1:0"];
    let begin = |cert: &str, key: &str| {
        run(sim.command(&[&listen[..], &["--tls-cert", cert, "--tls-key", key, table]].concat()))
    };
    begin(CERT, OTHER_KEY).ended_with(2).says("certificate and key cannot be used");
    begin(&bad, KEY).ended_with(2).says("the certificate's file has none");
    begin(CERT, "nowhere").ended_with(2).says("nowhere cannot be read");
    run(sim.command(&[&listen[..], &["--tls-cert", CERT, table]].concat())).ended_with(2).says("--tls-key");
    assert_eq!(sim.journal(0).calls(), Vec::<&str>::new());
}
