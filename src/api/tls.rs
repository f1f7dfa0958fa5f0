//! TLS out of two files, which are read again as certificates are renewed; a broken pair keeps what was.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// Both files, or why there are not.
type Read = dyn Fn() -> Result<Pem, String> + Send + Sync;

/// A certificate chain and its key, as they stand in files.
pub struct Pem {
    /// The chain, the server's own certificate first.
    pub chain: Vec<u8>,
    /// The private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: Vec<u8>,
}

/// What a server shows, and how it speaks.
pub struct Tls {
    read: Box<Read>,
    config: RwLock<Arc<ServerConfig>>,
    /// The hash of what was last read, to say the same thing once. Not the key itself.
    last: Mutex<Result<[u8; 32], String>>,
    broken: AtomicBool,
}

impl Tls {
    /// Takes the pair that `read` gives, now and again and again.
    ///
    /// # Errors
    /// Why the pair cannot be used.
    pub fn open(read: impl Fn() -> Result<Pem, String> + Send + Sync + 'static) -> Result<Self, String> {
        let pem = read()?;
        let config = config(&pem)?;
        let (config, last) = (RwLock::new(Arc::new(config)), Mutex::new(Ok(pem.hash())));
        Ok(Self { read: Box::new(read), config, last, broken: AtomicBool::new(false) })
    }

    /// Reads the files again; what is to be said about it.
    pub(super) fn reload(&self) -> Vec<String> {
        let read = (self.read)();
        let now = read.as_ref().map(Pem::hash).map_err(Clone::clone);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == now {
            return Vec::new();
        }
        *last = now;
        drop(last);
        let config = read.and_then(|pem| config(&pem));
        self.broken.store(config.is_err(), Ordering::Relaxed);
        match config {
            Ok(config) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                vec!["the certificate was read anew".to_owned()]
            }
            Err(why) => vec![why, "the certificate that was read before stays in force".to_owned()],
        }
    }

    /// Whether what was read last cannot be used.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Greets a client.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        TlsAcceptor::from(config).accept(stream).await
    }
}

impl Pem {
    fn hash(&self) -> [u8; 32] {
        let Self { chain, key } = self;
        let mut hash = Sha256::new();
        hash.update(chain.len().to_be_bytes());
        hash.update(chain);
        hash.update(key);
        hash.finalize().into()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn config(Pem { chain, key }: &Pem) -> Result<ServerConfig, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
    let chain = chain.map_err(|error| format!("the certificate is no PEM: {error}"))?;
    if chain.is_empty() {
        return Err("the certificate's file has none".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| "the key's file has no private key in PEM".to_owned())?;
    let with_versions = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = with_versions.with_no_client_auth().with_single_cert(chain, key);
    // A key that does not belong to the certificate is found here, and not by the first client.
    let mut config = config.map_err(|error| format!("certificate and key cannot be used: {error}"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: &[u8] = include_bytes!("../../tests/cli/tls/cert.pem");
    const KEY: &[u8] = include_bytes!("../../tests/cli/tls/key.pem");
    const OTHER_KEY: &[u8] = include_bytes!("../../tests/cli/tls/other-key.pem");

    fn pem(chain: &[u8], key: &[u8]) -> Pem {
        Pem { chain: chain.to_vec(), key: key.to_vec() }
    }

    #[test]
    fn a_pair_that_does_not_belong_together_is_refused_before_anybody_connects() {
        assert!(config(&pem(CHAIN, KEY)).is_ok());
        for (chain, key) in [(CHAIN, OTHER_KEY), (KEY, CHAIN), (b"".as_slice(), KEY), (CHAIN, b"")] {
            let why = config(&pem(chain, key)).unwrap_err();
            assert!(!why.contains("PRIVATE"), "{why}");
        }
    }

    #[test]
    fn a_broken_renewal_keeps_what_was_and_is_told_once() {
        let key = Arc::new(Mutex::new(KEY.to_vec()));
        let shared = Arc::clone(&key);
        let tls = Tls::open(move || Ok(pem(CHAIN, &shared.lock().unwrap()))).unwrap();
        assert_eq!(tls.reload(), Vec::<String>::new());
        let before = Arc::clone(&tls.config.read().unwrap());
        *key.lock().unwrap() = OTHER_KEY.to_vec();
        assert_eq!(tls.reload().len(), 2);
        assert_eq!((tls.reload(), tls.is_broken()), (Vec::new(), true));
        assert!(Arc::ptr_eq(&before, &tls.config.read().unwrap()));
        *key.lock().unwrap() = KEY.to_vec();
        assert_eq!(tls.reload(), ["the certificate was read anew"]);
        assert!(!tls.is_broken());
    }
}
