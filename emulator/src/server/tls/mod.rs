//! TLS of the one port: a certificate authority made at the start, and a certificate for the addresses of loopback.
//!
//! The authority lives as long as the emulator, or as the identity that it has; its certificate is written to a file, so
//! that clients can be told to trust it:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! let emulator = openlines_emulator::Emulator::builder().tls().start().await?;
//! assert!(emulator.url().starts_with("https://127.0.0.1:"));
//! let ca = emulator.ca_path().map(std::fs::read_to_string).transpose()?.unwrap_or_default();
//! assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
//! # Ok(()) }
//! ```
//!
//! The trap: without an identity every start makes another authority, so a client that was told to trust the last one
//! trusts nothing here.

mod authority;
mod wire;

use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::kept::Kept;
pub(super) use authority::Authority;
pub(super) use wire::Wire;

/// What a TLS port needs, and the file that makes clients trust it.
pub(super) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    pub(super) ca: Certificate,
}

/// The file with the authority's certificate.
#[derive(Debug)]
pub(super) enum Certificate {
    /// Removed with the emulator.
    Passing(NamedTempFile),
    /// Stays with the identity.
    Kept(PathBuf),
}

impl Certificate {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Passing(file) => file.path(),
            Self::Kept(path) => path,
        }
    }
}

/// The kept authority or a fresh one, and a certificate by it for `localhost`, the addresses of loopback and
/// `listening`.
pub(super) fn prepare(listening: IpAddr, kept: Option<&Kept>) -> io::Result<Tls> {
    let wrong = io::Error::other::<rcgen::Error>;
    let authority = kept.map_or_else(Authority::new, |kept| Ok(kept.authority.clone()))?;

    // 127.0.0.2 is where a portal may move to.
    let mut names = ["localhost", "127.0.0.1", "127.0.0.2", "::1"].map(str::to_owned).to_vec();
    if !listening.is_loopback() && !listening.is_unspecified() {
        names.push(listening.to_string());
    }
    let mut leaf = CertificateParams::new(names).map_err(wrong)?;
    authority::dated(&mut leaf);
    leaf.distinguished_name.push(DnType::CommonName, "openlines emulator");
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf_key = KeyPair::generate().map_err(wrong)?;
    let certificate = leaf.signed_by(&leaf_key, &authority.issuer()?).map_err(wrong)?;

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];

    let ca = match kept {
        Some(kept) => {
            kept.write_certificate()?;
            Certificate::Kept(kept.certificate.clone())
        }
        None => {
            let mut file =
                tempfile::Builder::new().prefix("openlines-emulator-ca-").suffix(".pem").tempfile()?;
            file.write_all(authority.certificate().as_bytes())?;
            file.flush()?;
            Certificate::Passing(file)
        }
    };
    Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), ca })
}
